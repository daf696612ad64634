internal import ArtifactFiles
internal import EvaluationRuns
internal import FaceImaging
internal import Recipes
internal import SyntheticFaces
internal import TrainingData

/// Opens a recipe's training data.
struct TrainingSources {
    var population: PopulationSettings?
    var preprocessing: FacePreprocessing
    var cacheFolder: String
    var threads: Int
    var listener: RunListener

    /// The data, with the number of classes checked.
    ///
    /// - Throws: `InputError` naming file, expected and found.
    func open(_ settings: DataSettings) throws(InputError) -> any TrainingSource {
        let source = try self.source(settings)
        if let classes = settings.classes { try source.requireClassCount(classes) }
        return source
    }

    /// What is trained on, and who is held out of it.
    ///
    /// - Throws: `InputError` naming file, expected and found.
    func openTraining(_ settings: DataSettings) throws(InputError) -> (data: any TrainingSource, holdOut: HoldOut?) {
        let whole = try open(settings)
        guard let folder = settings.folder, let share = folder.holdOut else { return (whole, nil) }
        let holdOut = try HoldOut(of: whole, folder: folder.path, share: share, seed: folder.holdOutSeed)
        return (holdOut.training, holdOut)
    }

    private var size: PictureSize { PictureSize(preprocessing) }

    private func source(_ settings: DataSettings) throws(InputError) -> any TrainingSource {
        if let synthetic = settings.synthetic { return try self.synthetic(synthetic) }
        if let folder = settings.folder {
            return try FolderSource(
                root: folder.path,
                size: size,
                fit: try fit(folder.fit),
                landmarkFile: folder.landmarks,
                ignoresOrientation: folder.ignoreExif
            )
        }
        if let records = settings.recordio {
            return try RecordIOSource(
                path: records.path,
                size: size,
                fit: try fit(records.fit),
                ignoresOrientation: records.ignoreExif
            )
        }
        if let cifar = settings.cifar100 { return try CIFAR100Source(path: cifar.path) }
        throw InputError(.missing, "the recipe names no data")
    }

    private func fit(_ name: String) throws(InputError) -> PictureFit {
        switch name {
        case "exact": .exact
        case "resized": .resized
        case "centre-crop": .centreCrop(shorterSide: min(size.width, size.height))
        case "aligned": .aligned(template: preprocessing.template)
        default: throw .unknownName(name, kind: "fit", known: ["exact", "resized", "centre-crop", "aligned"])
        }
    }

    private func synthetic(_ settings: DataSettings.Synthetic) throws(InputError) -> any TrainingSource {
        guard let population else { throw InputError(.missing, "the recipe has no population") }
        var options = SyntheticFaceSource.Options()
        options.pictureSize = size
        options.template = preprocessing.template
        let progress = RunPart("rendering faces", unit: "faces", listener)
        return try SyntheticFaceSource(
            population: try population.population(),
            identities: try population.split().training,
            imagesPerIdentity: settings.images,
            options: options,
            cacheFolder: cacheFolder,
            threads: threads
        ) { progress.update($0, of: $1) }
    }
}
