// SPDX-License-Identifier: Apache-2.0
//! Phases and frequencies that depend on the parameters of a gate: `-(P0)`.

use std::fmt;

use crate::error::Invalid;
use crate::named_enum::named_enum;

named_enum! {
    /// A function that expressions may call.
    #[expect(missing_docs, reason = "the names say it")]
    pub enum Function {
        Acos = "acos",
        Acosh = "acosh",
        Asin = "asin",
        Asinh = "asinh",
        Atan = "atan",
        Atanh = "atanh",
        Cos = "cos",
        Cosh = "cosh",
        Exp = "exp",
        Log = "log",
        Log10 = "log10",
        Sin = "sin",
        Sinh = "sinh",
        Sqrt = "sqrt",
        Tan = "tan",
        Tanh = "tanh",
    }
}

impl Function {
    /// Return the value at `x`; NaN outside of the domain.
    fn value(self, x: f64) -> f64 {
        match self {
            Self::Acos => x.acos(),
            Self::Acosh => x.acosh(),
            Self::Asin => x.asin(),
            Self::Asinh => x.asinh(),
            Self::Atan => x.atan(),
            Self::Atanh => x.atanh(),
            Self::Cos => x.cos(),
            Self::Cosh => x.cosh(),
            Self::Exp => x.exp(),
            Self::Log => x.ln(),
            Self::Log10 => x.log10(),
            Self::Sin => x.sin(),
            Self::Sinh => x.sinh(),
            Self::Sqrt => x.sqrt(),
            Self::Tan => x.tan(),
            Self::Tanh => x.tanh(),
        }
    }
}

/// A node of an expression's tree.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Node {
    Number(f64),
    /// Index into the names of the parameters.
    Parameter(usize),
    Negative(Box<Node>),
    Sum(Box<[Node; 2]>),
    Difference(Box<[Node; 2]>),
    Product(Box<[Node; 2]>),
    Quotient(Box<[Node; 2]>),
    Power(Box<[Node; 2]>),
    Call(Function, Box<Node>),
}

/// An expression of named parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    root: Node,
    parameters: Vec<String>,
}

/// Expressions may have this many operators and be this long, which bounds the tree; published ones have one.
const MAX_OPERATORS: u32 = 64;
const MAX_LENGTH: usize = 1000;

impl Expression {
    /// Read the arithmetic of Python: numbers, names, `+ - * / **`, parentheses and the functions above, also with
    /// `math.`, `cmath.`, `np.` or `numpy.` in front; `pi` and `e` are numbers. Fails with what should be there instead.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > MAX_LENGTH {
            return Err(Invalid::new("an expression of index most 1000 bytes"));
        }
        let mut parser = Parser { rest: text.trim_start(), names: Vec::new(), operators: 0 };
        let mut root = parser.sum()?;
        if !parser.rest.is_empty() {
            return Err(Invalid::new("an operator or the end of the expression"));
        }
        let mut parameters = parser.names.clone();
        parameters.sort_unstable();
        root.renumber(&|index| parameters.binary_search(&parser.names[index]).unwrap_or(index));
        Ok(Self { root, parameters })
    }

    /// The same times `factor`.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self { root: Node::Product(Box::new([self.root, Node::Number(factor)])), parameters: self.parameters }
    }

    /// The names of its parameters, sorted.
    #[must_use]
    pub fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// The tree.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The value for `values` of the parameters, in their order; `None` if there are too few, or if it is no number.
    #[must_use]
    pub fn value(&self, values: &[f64]) -> Option<f64> {
        let values = values.get(..self.parameters.len())?;
        Some(self.root.value(values)).filter(|value| !value.is_nan())
    }
}

impl Node {
    fn value(&self, values: &[f64]) -> f64 {
        let both = |nodes: &[Self; 2]| (nodes[0].value(values), nodes[1].value(values));
        match self {
            Self::Number(number) => *number,
            Self::Parameter(index) => values[*index],
            Self::Negative(node) => -node.value(values),
            Self::Sum(nodes) => {
                let (a, b) = both(nodes);
                a + b
            }
            Self::Difference(nodes) => {
                let (a, b) = both(nodes);
                a - b
            }
            Self::Product(nodes) => {
                let (a, b) = both(nodes);
                a * b
            }
            Self::Quotient(nodes) => {
                let (a, b) = both(nodes);
                a / b
            }
            Self::Power(nodes) => {
                let (a, b) = both(nodes);
                a.powf(b)
            }
            Self::Call(function, node) => function.value(node.value(values)),
        }
    }

    /// Return whether a node is a number, or made of numbers; its parts are numbers then, because they were folded before.
    fn is_constant(&self) -> bool {
        let is_number = |node: &Self| matches!(node, Self::Number(_));
        match self {
            Self::Number(_) => true,
            Self::Parameter(_) => false,
            Self::Negative(node) | Self::Call(_, node) => is_number(node),
            Self::Sum(nodes)
            | Self::Difference(nodes)
            | Self::Product(nodes)
            | Self::Quotient(nodes)
            | Self::Power(nodes) => nodes.iter().all(is_number),
        }
    }

    fn renumber(&mut self, renumbered: &impl Fn(usize) -> usize) {
        match self {
            Self::Number(_) => {}
            Self::Parameter(index) => *index = renumbered(*index),
            Self::Negative(node) | Self::Call(_, node) => node.renumber(renumbered),
            Self::Sum(nodes)
            | Self::Difference(nodes)
            | Self::Product(nodes)
            | Self::Quotient(nodes)
            | Self::Power(nodes) => nodes.iter_mut().for_each(|node| node.renumber(renumbered)),
        }
    }
}

/// A node without parameters as the number that it is, which has to be one.
fn finite(node: Node) -> Parsed {
    if !node.is_constant() {
        return Ok(node);
    }
    let value = node.value(&[]);
    if value.is_finite() { Ok(Node::Number(value)) } else { Err(Invalid::new("a finite real number")) }
}

struct Parser<'a> {
    rest: &'a str,
    /// Names of parameters in order of appearance.
    names: Vec<String>,
    operators: u32,
}

type Parsed = Result<Node, Invalid>;

impl Parser<'_> {
    fn take(&mut self, token: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(token) else { return false };
        self.rest = rest.trim_start();
        true
    }

    fn sum(&mut self) -> Parsed {
        let mut node = self.product()?;
        loop {
            if self.take("+") {
                node = self.folded(Node::Sum, node, Self::product)?;
            } else if self.take("-") {
                node = self.folded(Node::Difference, node, Self::product)?;
            } else {
                return Ok(node);
            }
        }
    }

    fn product(&mut self) -> Parsed {
        let mut node = self.signed()?;
        loop {
            if self.rest.starts_with("**") || self.rest.starts_with("//") {
                return Err(Invalid::new("an operator of + - * / **"));
            } else if self.take("*") {
                node = self.folded(Node::Product, node, Self::signed)?;
            } else if self.take("/") {
                node = self.folded(Node::Quotient, node, Self::signed)?;
            } else {
                return Ok(node);
            }
        }
    }

    fn signed(&mut self) -> Parsed {
        if self.take("-") {
            self.count()?;
            return finite(Node::Negative(Box::new(self.signed()?)));
        }
        if self.take("+") {
            self.count()?;
            return self.signed();
        }
        self.power()
    }

    fn power(&mut self) -> Parsed {
        let base = self.atom()?;
        if self.take("**") {
            return self.folded(Node::Power, base, Self::signed);
        }
        Ok(base)
    }

    fn atom(&mut self) -> Parsed {
        if self.take("(") {
            return self.closed();
        }
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let first = self.rest.chars().next().ok_or(Invalid::new("a number, a name or ("))?;
        if first.is_ascii_digit() || first == '.' {
            return self.number();
        }
        for module in ["numpy.", "np.", "math.", "cmath."] {
            self.take(module);
        }
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        let name = &self.rest[..end];
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err(Invalid::new("a number, a name or ("));
        }
        self.rest = self.rest[end..].trim_start();
        if self.take("(") {
            let function = Function::named(name.as_bytes());
            let function = function.ok_or_else(|| Invalid::new("a function that is known"))?;
            return finite(Node::Call(function, Box::new(self.closed()?)));
        }
        Ok(match name {
            "pi" => Node::Number(std::f64::consts::PI),
            "e" => Node::Number(std::f64::consts::E),
            _ => Node::Parameter(self.names.iter().position(|known| known == name).unwrap_or_else(|| {
                self.names.push(name.to_owned());
                self.names.len() - 1
            })),
        })
    }

    /// Take note of an operator or of parentheses.
    fn count(&mut self) -> Result<(), Invalid> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS { Err(Invalid::new("an expression with fewer operators")) } else { Ok(()) }
    }

    /// The node of a left side and of the right side that comes next.
    fn folded(&mut self, operator: fn(Box<[Node; 2]>) -> Node, left: Node, right: fn(&mut Self) -> Parsed) -> Parsed {
        self.count()?;
        let right = right(self)?;
        let node = operator(Box::new([left, right]));
        if matches!(&node, Node::Quotient(sides) if sides[1] == Node::Number(0.0)) {
            return Err(Invalid::new("a divisor that is not 0"));
        }
        finite(node)
    }

    /// The rest of what is in parentheses.
    fn closed(&mut self) -> Parsed {
        self.count()?;
        let node = self.sum()?;
        if self.take(")") { Ok(node) } else { Err(Invalid::new("a closing parenthesis")) }
    }

    fn number(&mut self) -> Parsed {
        let bytes = self.rest.as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = digits(0);
        if bytes.get(end) == Some(&b'.') {
            end += 1 + digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
        let number = self.rest[..end].parse().map_err(|_| Invalid::new("a number"))?;
        self.rest = self.rest[end..].trim_start();
        finite(Node::Number(number))
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.write(&self.parameters, f)
    }
}

impl Node {
    fn write(&self, names: &[String], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut both = |operator: &str, nodes: &[Self; 2]| {
            f.write_str("(")?;
            nodes[0].write(names, f)?;
            write!(f, " {operator} ")?;
            nodes[1].write(names, f)?;
            f.write_str(")")
        };
        match self {
            Self::Sum(nodes) => both("+", nodes),
            Self::Difference(nodes) => both("-", nodes),
            Self::Product(nodes) => both("*", nodes),
            Self::Quotient(nodes) => both("/", nodes),
            Self::Power(nodes) => both("**", nodes),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Parameter(index) => f.write_str(&names[*index]),
            Self::Negative(node) => {
                f.write_str("-(")?;
                node.write(names, f)?;
                f.write_str(")")
            }
            Self::Call(function, node) => {
                write!(f, "{}(", function.name())?;
                node.write(names, f)?;
                f.write_str(")")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, values: &[f64]) -> f64 {
        Expression::parse(text).expect(text).value(values).expect(text)
    }

    #[test]
    fn what_devices_publish() {
        let expression = Expression::parse("-(P0)").expect("published");
        assert_eq!(expression.parameters(), ["P0"]);
        assert_eq!(expression.value(&[0.25]), Some(-0.25));
        assert_eq!(expression.value(&[]), None);
        assert_eq!(expression.to_string(), "-(P0)");
    }

    #[test]
    fn arithmetic_is_python_s() {
        assert_eq!(value("2 ** 3 ** 2", &[]).to_bits(), 512_f64.to_bits());
        assert_eq!(value("-2 ** 2", &[]).to_bits(), (-4_f64).to_bits());
        assert_eq!(value("2 ** -1", &[]).to_bits(), 0.5_f64.to_bits());
        assert_eq!(value("1 - 2 - 3 * 4 / 8", &[]).to_bits(), (-2.5_f64).to_bits());
        assert_eq!(value("np.cos(math.pi) + sqrt(4) + 1.5e1 + .5", &[]).to_bits(), 16.5_f64.to_bits());
        assert_eq!(value("P1 - P0 * P10", &[2.0, 3.0, 5.0]).to_bits(), (-7_f64).to_bits());
        assert_eq!(Expression::parse("P2+P0+P2").expect("valid").parameters(), ["P0", "P2"]);
    }

    #[test]
    fn the_text_of_a_tree_reads_the_same() {
        for text in ["-(P0)", "a + b * -c ** 2", "sin(x) / (1 - e)", "1 - (2 - 3)", "--a"] {
            let expression = Expression::parse(text).expect(text);
            assert_eq!(Expression::parse(&expression.to_string()).expect(text).value(&[0.3, 0.5, 0.7]), {
                expression.value(&[0.3, 0.5, 0.7])
            });
        }
    }

    #[test]
    fn faults_say_what_should_be_there() {
        let texts = ["", "(P0", "P0 P1", "1j", "P0 // 2", "f(1)", "P0 +", "*2", "P0 % 2", "sin(1, 2)", "\u{b5}$", "**"];
        for text in texts {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
        assert!(Expression::parse(&"(".repeat(100_000)).is_err());
        assert!(Expression::parse(&"-".repeat(900)).is_err());
        assert!(Expression::parse(&"1+".repeat(400)).is_err());
        assert!(Expression::parse(&vec!["1"; 60].join("+")).is_ok());
        for text in ["1/0", "P0/0", "0**-1", "log(0)", "acos(2)", "sqrt(-1)", "exp(1000)", "(-1)**0.5", "1e999*P0"] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
        assert!(Expression::parse(&format!("{}1{}", "(".repeat(60), ")".repeat(60))).is_ok());
        assert_eq!(Expression::parse("sqrt(P0)").expect("valid").value(&[-1.0]), None);
    }
}
