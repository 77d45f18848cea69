/// Values under byte strings, found for a key by one walk along it: the cost is bounded by the key's length, however many
/// prefixes there are (DESIGN §4, rule 9). A radix tree whose nodes lie in one array.
///
/// Invariants
/// 1. The labels on the way from the root to a node, joined, are the node's byte string; no two nodes have the same.
/// 2. The children of a node begin with different bytes and are in their order.
struct PrefixTree<Value: Sendable>: Sendable {
    private struct Node: Sendable {
        var label: [UInt8]
        var value: Value?
        var children: [(first: UInt8, node: Int)] = []
    }

    private var nodes = [Node(label: [], value: nil)]
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// The value under exactly this byte string, made by `initial` when there is none, after `change`.
    mutating func update(_ prefix: [UInt8], default initial: @autoclosure () -> Value, _ change: (inout Value) -> Void) {
        let node = place(prefix)
        var value: Value
        if let known = nodes[node].value {
            value = known
        } else {
            value = initial()
            count += 1
        }
        change(&value)
        nodes[node].value = value
    }

    /// The node of `prefix`, made where there is none.
    private mutating func place(_ prefix: [UInt8]) -> Int {
        var (node, position) = (0, 0)
        while position < prefix.count {
            guard let child = child(of: node, prefix[position]) else {
                return add(Node(label: Array(prefix[position...]), value: nil), to: node)
            }
            let shared = commonLength(nodes[child].label, prefix[position...])
            if shared < nodes[child].label.count { split(child, at: shared) }
            position += shared
            node = child
        }
        return node
    }

    private mutating func add(_ new: Node, to parent: Int) -> Int {
        nodes.append(new)
        let index = nodes[parent].children.firstIndex { $0.first > new.label[0] } ?? nodes[parent].children.count
        nodes[parent].children.insert((new.label[0], nodes.count - 1), at: index)
        return nodes.count - 1
    }

    /// Keeps the first bytes of the label in the node, and moves the rest, with all that was there, below it.
    private mutating func split(_ node: Int, at length: Int) {
        var lower = nodes[node]
        lower.label = Array(lower.label[length...])
        nodes.append(lower)
        nodes[node] = Node(
            label: Array(nodes[node].label[..<length]), value: nil, children: [(lower.label[0], nodes.count - 1)])
    }

    private func child(of node: Int, _ byte: UInt8) -> Int? {
        let children = nodes[node].children
        var (low, high) = (0, children.count)
        while low < high {
            let middle = (low + high) / 2
            if children[middle].first == byte { return children[middle].node }
            if children[middle].first < byte { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    private func commonLength(_ left: [UInt8], _ right: ArraySlice<UInt8>) -> Int {
        var length = 0
        while length < left.count, length < right.count, left[length] == right[right.startIndex + length] { length += 1 }
        return length
    }

    /// Every value whose byte string `key` begins with.
    func forEachPrefix(of key: [UInt8], _ visit: (Value) -> Void) {
        var (node, position) = (0, 0)
        while true {
            if let value = nodes[node].value { visit(value) }
            guard position < key.count, let child = child(of: node, key[position]) else { return }
            let label = nodes[child].label
            guard commonLength(label, key[position...]) == label.count else { return }
            position += label.count
            node = child
        }
    }

    /// In the order of the byte strings.
    func forEach(_ visit: ([UInt8], Value) -> Void) {
        var path: [(node: Int, prefix: [UInt8])] = [(0, [])]
        while let (node, prefix) = path.popLast() {
            if let value = nodes[node].value { visit(prefix, value) }
            for child in nodes[node].children.reversed() { path.append((child.node, prefix + nodes[child.node].label)) }
        }
    }

    /// The tree of those values alone that `keeps` says yes to.
    func filtered(_ keeps: (Value) -> Bool) -> PrefixTree {
        var kept = PrefixTree()
        forEach { prefix, value in
            if keeps(value) { kept.update(prefix, default: value) { _ in } }
        }
        return kept
    }
}
