package import ArtifactFiles
internal import FaceImaging
package import FaceProtocols
internal import Synchronization
package import SyntheticFaces

/// Renders a synthetic protocol into a folder in the IJB-C layout.
package struct SyntheticProtocolFolder {
    var plan: SyntheticProtocolPlan
    var population: SyntheticPopulation
    var workers: Int

    package init(plan: SyntheticProtocolPlan, population: SyntheticPopulation, workers: Int) {
        self.plan = plan
        self.population = population
        self.workers = workers
    }

    /// Renders and writes everything; `protocol.yml` comes last, so that a folder with it is whole.
    ///
    /// - Parameters:
    ///   - folder: The folder; made if it is not there.
    ///   - progress: Told how many faces are done, from any thread.
    /// - Returns: What was written.
    package func write(
        to folder: String,
        progress: @escaping @Sendable (Int) -> Void
    ) async throws -> VerificationProtocol {
        try FileSystem.createFolder(FileSystem.join(folder, "loose_crop"))
        let numbers = plan.images.map(\.number)
        let shots = plan.images.map(\.shot)
        let details = Mutex([(landmarks: [Float], score: Float)?](repeating: nil, count: shots.count))
        let done = Atomic<Int>(0)
        try await population.render(shots, workers: workers) { index, face in
            try Self.write(face, to: FileSystem.join(folder, "loose_crop/\(numbers[index]).jpg"))
            details.withLock {
                $0[index] = (face.landmarks.points.flatMap { [Float($0.x), Float($0.y)] }, Float(face.score))
            }
            progress(done.add(1, ordering: .relaxed).newValue)
        }
        let value = try details.withLock { try protocolValue($0) }
        let descriptor = try IJBLayoutWriter().write(value, to: folder)
        try AtomicFile.write(descriptor.yaml, to: FileSystem.join(folder, "protocol.yml"))
        return value
    }

    private func protocolValue(
        _ details: [(landmarks: [Float], score: Float)?]
    ) throws(InputError) -> VerificationProtocol {
        var builder = ProtocolBuilder(name: "synthetic")
        for (image, detail) in zip(plan.images, details) {
            guard let detail else { continue }
            builder.addImage(
                "\(image.number).jpg",
                template: image.template,
                medium: image.medium,
                landmarks: detail.landmarks,
                detectorScore: detail.score
            )
        }
        for comparison in plan.comparisons {
            builder.addComparison(
                Int(comparison.enrolled),
                Int(comparison.verification),
                isGenuine: comparison.isGenuine
            )
        }
        for template in plan.templates { builder.setSubject("\(template.identity)", ofTemplate: template.id) }
        return try builder.build()
    }

    /// Writes one photograph as a JPEG file of its own quality.
    package static func write(_ face: SyntheticFace, to path: String) throws(InputError) {
        var file = try AtomicFile(path: path)
        try file.write(try face.image.jpegData(quality: face.jpegQuality))
        try file.commit(survivingPowerFailure: false)
    }
}
