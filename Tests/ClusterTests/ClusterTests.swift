import Testing

/// Real processes on loopback. One cluster at a time: two cores carry no more.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ClusterTests {}
