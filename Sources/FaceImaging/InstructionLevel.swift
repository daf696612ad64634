internal import CKernels

/// An instruction-set level that the pixel kernels are built for.
///
/// Results do not depend on it; tests compare them.
package enum InstructionLevel: String, CaseIterable, Sendable {
    /// Baseline code of the platform.
    case portable
    /// AVX2.
    case avx2
    /// AVX-512 F, BW, DQ, VL.
    case avx512

    /// The level in use: the CPU's best, or the one that `VERIFAR_ISA` asks for.
    package static var current: InstructionLevel { InstructionLevel(vf_isa_level()) }

    /// The levels that this CPU can run.
    package static var available: [InstructionLevel] {
        allCases.filter { $0.isa.rawValue <= vf_isa_best().rawValue }
    }

    private init(_ isa: vf_isa) {
        switch isa {
        case VF_ISA_AVX512: self = .avx512
        case VF_ISA_AVX2: self = .avx2
        default: self = .portable
        }
    }

    var isa: vf_isa {
        switch self {
        case .portable: VF_ISA_PORTABLE
        case .avx2: VF_ISA_AVX2
        case .avx512: VF_ISA_AVX512
        }
    }
}
