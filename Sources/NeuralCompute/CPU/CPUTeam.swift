internal import CKernels

/// Threads that run one task list together, each its own share of every phase.
final class CPUTeam {
    /// What a thread needs; it lives as long as the team.
    private final class Context {
        let tasks: CPUTaskList
        var native: OpaquePointer?

        init(_ tasks: CPUTaskList) { self.tasks = tasks }
    }

    private let context: Context

    /// Starts threads; where the system refuses them, the caller's does all shares.
    init(_ tasks: CPUTaskList, lanes: Int) {
        context = Context(tasks)
        context.native = vf_team_make(
            lanes,
            { context, lane in
                guard let context else { return }
                let team = Unmanaged<Context>.fromOpaque(context).takeUnretainedValue()
                let saved = vf_denormals_flush()
                defer { vf_denormals_restore(saved) }
                for phase in 0..<team.tasks.phaseCount {
                    if phase > 0 { vf_team_meet(team.native) }
                    team.tasks.run(phase: phase, lane: lane)
                }
            },
            Unmanaged.passUnretained(context).toOpaque()
        )
    }

    deinit { vf_team_free(context.native) }

    func run() {
        if let team = context.native { vf_team_run(team) } else { context.tasks.run() }
    }
}
