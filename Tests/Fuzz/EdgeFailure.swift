/// Stands for the module's own, so that the head scan can be compiled without what answers are made of.
struct EdgeFailure {
    var status: UInt16
    var code: String
    var message: String
}
