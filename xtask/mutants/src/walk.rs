//! From a syntax tree to mutants.

use tree_sitter::{Node, Parser};

use crate::exempt::{holds_an_error, is_of_lifetime, is_silent};
use crate::mutant::{Mutant, Operator};

/// Every mutant of a source; none where it cannot be parsed at all.
pub(crate) fn mutants(source: &str) -> Vec<Mutant> {
    let mut parser = Parser::new();
    if parser.set_language(&tree_sitter_c::LANGUAGE.into()).is_err() {
        return Vec::new();
    }
    let Some(tree) = parser.parse(source, None) else { return Vec::new() };
    let mut walk = Walk { source, found: Vec::new() };
    walk.outside(tree.root_node());
    walk.found
}

struct Walk<'a> {
    source: &'a str,
    found: Vec<Mutant>,
}

impl Walk<'_> {
    /// Looks for functions.
    fn outside(&mut self, node: Node) {
        if node.kind() == "function_definition" {
            if let Some(body) = node.child_by_field_name("body") {
                self.inside(body);
            }
            return;
        }
        for child in children(node) {
            self.outside(child);
        }
    }

    /// What is within a function.
    fn inside(&mut self, node: Node) {
        if node.is_error() || node.is_missing() || self.is_silent(node) {
            return;
        }
        match node.kind() {
            "if_statement"
            | "while_statement"
            | "for_statement"
            | "do_statement"
            | "conditional_expression" => {
                self.condition(node);
            }
            "binary_expression" => self.binary(node),
            "expression_statement" => self.statement(node),
            "goto_statement" => self.replace(node, node, Operator::DropGoto, ";"),
            "return_statement" => self.returned(node),
            "true" => self.replace(node, node, Operator::Bool, "false"),
            "false" => self.replace(node, node, Operator::Bool, "true"),
            "number_literal" => self.number(node),
            "compound_statement" => self.neighbours(node),
            _ => {}
        }
        for child in children(node) {
            self.inside(child);
        }
    }

    fn text(&self, node: Node) -> &str {
        &self.source[node.byte_range()]
    }

    fn replace(&mut self, at: Node, node: Node, operator: Operator, text: &str) {
        // A condition that is taken for true or false is not evaluated, and what it would call is not called.
        let leaves_out = matches!(
            operator,
            Operator::Drop
                | Operator::SkipCall
                | Operator::Swap
                | Operator::DropGoto
                | Operator::Always
                | Operator::Never
        );
        let of_lifetime = leaves_out && is_of_lifetime(self.text(node));
        let line = u32::try_from(at.start_position().row + 1).unwrap_or(u32::MAX);
        let (from, to) = (node.start_byte(), node.end_byte());
        if self.source[from..to] != *text && !node.has_error() {
            self.found.push(Mutant { line, operator, of_lifetime, from, to, text: text.to_owned() });
        }
    }

    /// Whether a node only prints, traces or asserts.
    fn is_silent(&self, node: Node) -> bool {
        let call = match node.kind() {
            "call_expression" => Some(node),
            "expression_statement" => node.named_child(0).filter(|child| child.kind() == "call_expression"),
            _ => None,
        };
        call.and_then(|call| call.child_by_field_name("function"))
            .is_some_and(|name| is_silent(self.text(name)))
    }

    fn condition(&mut self, node: Node) {
        let Some(condition) = node.child_by_field_name("condition") else { return };
        let is_loop = matches!(node.kind(), "while_statement" | "for_statement" | "do_statement");
        // The parentheses are no part of a for's or a ?:'s.
        let inner = if condition.kind() == "parenthesized_expression" {
            condition.named_child(0)
        } else {
            Some(condition)
        };
        let Some(inner) = inner.filter(|inner| !self.is_silent(*inner) && inner.kind() != "comment") else {
            return;
        };
        let text = self.text(inner).to_owned();
        let negated = match text.strip_prefix('!').filter(|_| inner.kind() == "unary_expression") {
            Some(rest) => rest.to_owned(),
            None if matches!(inner.kind(), "identifier" | "call_expression" | "field_expression") => {
                format!("!{text}")
            }
            None => format!("!({text})"),
        };
        self.replace(inner, inner, Operator::Negate, &negated);
        if !is_loop {
            self.replace(inner, inner, Operator::Always, "1");
        }
        self.replace(inner, inner, Operator::Never, "0");
    }

    fn binary(&mut self, node: Node) {
        let Some(operator) = node.child_by_field_name("operator") else { return };
        let (kind, text) = match self.text(operator) {
            "&&" => (Operator::Logic, "||"),
            "||" => (Operator::Logic, "&&"),
            "<" => (Operator::Compare, "<="),
            "<=" => (Operator::Compare, "<"),
            ">" => (Operator::Compare, ">="),
            ">=" => (Operator::Compare, ">"),
            "==" if !is_whole_condition(node) => (Operator::Compare, "!="),
            "!=" if !is_whole_condition(node) => (Operator::Compare, "=="),
            _ => return,
        };
        self.replace(operator, operator, kind, text);
    }

    fn statement(&mut self, node: Node) {
        let Some(expression) = node.named_child(0) else { return };
        match expression.kind() {
            "call_expression" | "update_expression" => self.replace(node, node, Operator::Drop, ";"),
            "assignment_expression" => {
                let (left, right) =
                    (expression.child_by_field_name("left"), expression.child_by_field_name("right"));
                let (Some(left), Some(right)) = (left, right) else { return };
                if right.kind() == "call_expression" && holds_an_error(self.text(left)) {
                    self.replace(node, right, Operator::SkipCall, "0");
                } else {
                    self.replace(node, node, Operator::Drop, ";");
                }
            }
            _ => {}
        }
    }

    fn returned(&mut self, node: Node) {
        let Some(value) = node.named_child(0) else { return };
        let text = self.text(value);
        let change = match value.kind() {
            "number_literal" if text == "0" => Some((Operator::Fail, "-EIO")),
            "unary_expression" if text.starts_with("-E") => Some((Operator::Succeed, "0")),
            "identifier" if holds_an_error(text) => Some((Operator::Succeed, "0")),
            "null" => Some((Operator::Fail, "ERR_PTR(-EIO)")),
            "call_expression" if text.starts_with("ERR_PTR(") || text.starts_with("ERR_CAST(") => {
                Some((Operator::Succeed, "NULL"))
            }
            "call_expression" if text.starts_with("dev_err_probe(") => Some((Operator::Succeed, "0")),
            _ => None,
        };
        if let Some((operator, text)) = change {
            self.replace(node, value, operator, text);
        }
    }

    fn number(&mut self, node: Node) {
        let is_returned = node.parent().is_some_and(|parent| parent.kind() == "return_statement");
        if is_returned
            || !matches!(
                node.parent().map(|parent| parent.kind()),
                Some(
                    "binary_expression"
                        | "argument_list"
                        | "assignment_expression"
                        | "subscript_expression"
                        | "init_declarator"
                )
            )
        {
            return;
        }
        if let Ok(number) = self.text(node).parse::<u64>() {
            self.replace(node, node, Operator::OffByOne, &(number + 1).to_string());
        }
    }

    /// Calls behind each other.
    fn neighbours(&mut self, block: Node) {
        let statements: Vec<Node> = children(block).into_iter().filter(Node::is_named).collect();
        let is_call = |node: &Node| {
            node.kind() == "expression_statement"
                && node.named_child(0).is_some_and(|child| child.kind() == "call_expression")
                && !self.is_silent(*node)
        };
        let pairs: Vec<(Node, Node)> = statements
            .windows(2)
            .map(|pair| (pair[0], pair[1]))
            .filter(|(a, b)| is_call(a) && is_call(b))
            .collect();
        for (first, second) in pairs {
            let between = &self.source[first.end_byte()..second.start_byte()];
            let text = format!("{}{between}{}", self.text(second), self.text(first));
            if self.text(first) == self.text(second) || first.has_error() || second.has_error() {
                continue;
            }
            let line = u32::try_from(first.start_position().row + 1).unwrap_or(u32::MAX);
            self.found.push(Mutant {
                line,
                operator: Operator::Swap,
                of_lifetime: is_of_lifetime(&text),
                from: first.start_byte(),
                to: second.end_byte(),
                text,
            });
        }
    }
}

/// Whether a comparison is all of a condition: then it is negated as one.
fn is_whole_condition(node: Node) -> bool {
    node.parent().is_some_and(|parent| {
        parent.kind() == "parenthesized_expression"
            && parent.parent().is_some_and(|above| {
                matches!(above.kind(), "if_statement" | "while_statement" | "do_statement")
            })
    })
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.children(&mut cursor).collect()
}
