internal import ArtifactFiles

extension ProtocolFinding {
    /// The things that are looked for.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        // Lines that cannot be read.
        /// A blank line that is not at the end of its file.
        case blankLine
        /// Too few or too many columns.
        case columnCount
        /// An id that is not a non-negative integer.
        case notAnInteger
        /// An id above 2⁶³ − 1.
        case integerOverflow
        /// A coordinate or score that is not a number.
        case notANumber
        /// Bytes that are not UTF-8, or a UTF-16 file.
        case notUTF8
        /// A label other than 0 and 1.
        case badLabel
        /// A first line other than the format's header.
        case badHeader

        // Files that do not agree.
        /// Two files that must agree line for line have different numbers of lines.
        case rowCount
        /// Two files that must agree line for line name different images.
        case imageOrder
        /// A comparison of a template that has no image.
        case unknownTemplate
        /// A template that two files list.
        case repeatedTemplate
        /// A pair that names an image or identity that is not there.
        case unknownImage
        /// Images of a file of pairs that cannot be paired: an odd number, or not twice the number of labels.
        case pairCount
        /// A file's SHA-256 is not the protocol's.
        case digest
        /// A count is not the protocol's.
        case count

        // Paths.
        /// A path that is absolute, leaves the data folder or is not plain.
        case unsafePath
        /// A symbolic link where none is allowed.
        case symbolicLink
        /// The folder of the images is absent.
        case missingImageFolder
        /// An image that is not on disk.
        case missingImage

        // Images.
        /// No image at all.
        case noImages
        /// Images of a format that is not read, left out of a folder.
        case unreadImages
        /// Files of a folder that are no images.
        case otherFiles
        /// An image path that occurs in several rows.
        case duplicateImage
        /// A landmark that is NaN or infinite: that image fails.
        case nonFiniteLandmark
        /// Landmarks that all lie in one point: that image fails.
        case coincidentLandmarks
        /// Most faces have the left and right eye exchanged, or the mouth above the eyes.
        case landmarkOrder
        /// Faces without landmarks, placed by their boxes.
        case faceBoxes
        /// A face with neither landmarks nor a box with an area: that image fails.
        case noFaceBox
        /// How images were grouped into media where no file says.
        case derivedMedia
        /// A detector score that is NaN or infinite: that image fails.
        case nonFiniteDetectorScore
        /// A detector score outside 0…1.
        case detectorScoreRange
        /// All images carry one medium id.
        case singleMedium
        /// Media that occur in several templates.
        case sharedMedium
        /// Media that occur in templates of several subjects.
        case mediumOfSeveralSubjects

        // Comparisons.
        /// No comparison at all.
        case noComparisons
        /// Only genuine or only impostor comparisons.
        case singleLabel
        /// A template compared with itself.
        case selfComparison
        /// A comparison that occurs twice, in the same or the other order.
        case duplicateComparison
        /// One comparison labelled both 0 and 1, or a template labelled as a stranger to itself.
        case contradictoryLabel
        /// An impostor comparison within a set of templates that genuine comparisons connect.
        case impliedContradiction
        /// Templates that are in no comparison.
        case unusedTemplate

        // Subjects.
        /// A label that the subjects of the two templates contradict.
        case subjectDisagreement
        /// A compared template without a subject, where the others have one.
        case missingSubject
        /// A subject for a template that has no image.
        case subjectOfUnknownTemplate
        /// A template with two lines in the file of subjects.
        case duplicateSubject

        // Accepted forms.
        /// The file starts with a byte-order mark.
        case byteOrderMark
        /// Lines end in carriage return and line feed.
        case carriageReturn
        /// Blank lines at the end of the file.
        case trailingBlankLines
        /// A check that could not be made.
        case notChecked

        /// What a finding of this kind means for an evaluation.
        public var severity: Severity {
            switch self {
            case .blankLine, .columnCount, .notAnInteger, .integerOverflow, .notANumber, .notUTF8, .badLabel,
                .badHeader, .rowCount, .imageOrder, .unknownTemplate, .repeatedTemplate, .unknownImage, .pairCount,
                .digest, .unsafePath, .symbolicLink,
                .missingImageFolder, .noImages, .noComparisons, .contradictoryLabel, .subjectDisagreement,
                .missingSubject:
                .error
            case .unreadImages, .faceBoxes, .noFaceBox, .count, .missingImage, .duplicateImage, .nonFiniteLandmark,
                .coincidentLandmarks, .landmarkOrder,
                .nonFiniteDetectorScore, .detectorScoreRange, .singleMedium, .singleLabel, .selfComparison,
                .duplicateComparison, .impliedContradiction, .subjectOfUnknownTemplate, .duplicateSubject:
                .warning
            case .otherFiles, .derivedMedia, .sharedMedium, .mediumOfSeveralSubjects, .unusedTemplate, .byteOrderMark,
                .carriageReturn,
                .trailingBlankLines, .notChecked:
                .note
            }
        }

        var code: InputError.Code {
            switch self {
            case .unsafePath, .symbolicLink: .forbidden
            case .missingImageFolder, .missingImage, .missingSubject, .noImages, .noComparisons, .unknownImage: .missing
            case .rowCount, .imageOrder, .unknownTemplate, .repeatedTemplate, .pairCount, .digest, .count,
                .contradictoryLabel,
                .impliedContradiction, .subjectDisagreement:
                .mismatch
            default: .malformed
            }
        }
    }
}
