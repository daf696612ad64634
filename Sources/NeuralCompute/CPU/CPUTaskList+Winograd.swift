internal import CKernels
internal import NeuralGraph

extension CPUTaskList {
    /// Transforms, 36 products and the way back, chunk by chunk over the blocks of all faces.
    func bindWinograd(_ step: CPUStep, _ weights: WinogradWeights, faces: Range<Int>) {
        let input = placed(step.inputs[0])
        let output = placed(step.output)
        let addend = step.inputs.count > 1 ? placed(step.inputs[1]) : nil
        let blocks = faces.flatMap { Self.blocks(of: $0, input, output, addend) }
        let storage = UnsafeMutableBufferPointer<vf_winograd_block>.allocate(capacity: blocks.count)
        _ = storage.initialize(from: blocks)
        keep(storage)
        for first in stride(from: 0, to: blocks.count, by: weights.blocksPerChunk) {
            let chunk = UnsafeMutableBufferPointer(
                rebasing: storage[first..<min(blocks.count, first + weights.blocksPerChunk)]
            )
            bindChunk(step, weights, chunk, input, output, addend)
        }
    }

    private func bindChunk(
        _ step: CPUStep,
        _ weights: WinogradWeights,
        _ blocks: UnsafeMutableBufferPointer<vf_winograd_block>,
        _ input: PlacedLayout,
        _ output: PlacedLayout,
        _ addend: PlacedLayout?
    ) {
        let transformed = scratch
        let products = scratch + WinogradWeights.positions * blocks.count * weights.inChannels
        append(inputTask(step, weights, blocks, input, transformed))
        for position in 0..<WinogradWeights.positions {
            bindProduct(
                rows: UnsafePointer(transformed + position * blocks.count * weights.inChannels),
                count: blocks.count,
                depth: weights.inChannels,
                panels: weights.panels[position],
                zeros: weights.zeros,
                columns: weights.outChannels,
                output: products + position * blocks.count * weights.outChannels
            )
        }
        append(outputTask(step, weights, blocks, output, addend, UnsafePointer(products)))
    }

    private func inputTask(
        _ step: CPUStep,
        _ weights: WinogradWeights,
        _ blocks: UnsafeMutableBufferPointer<vf_winograd_block>,
        _ input: PlacedLayout,
        _ transformed: UnsafeMutablePointer<Float>
    ) -> vf_winograd_input {
        var way = vf_winograd_input()
        way.blocks = UnsafePointer(blocks.baseAddress)
        way.block_count = blocks.count
        way.channels = weights.inChannels
        way.input = UnsafePointer(base(of: step.inputs[0]).assumingMemoryBound(to: Float.self))
        way.input_row_pitch = input.layout.rowPitch
        way.input_pixel_pitch = input.layout.channels
        way.transformed = transformed
        way.plane = blocks.count * weights.inChannels
        return way
    }

    private func outputTask(
        _ step: CPUStep,
        _ weights: WinogradWeights,
        _ blocks: UnsafeMutableBufferPointer<vf_winograd_block>,
        _ output: PlacedLayout,
        _ addend: PlacedLayout?,
        _ products: UnsafePointer<Float>
    ) -> vf_winograd_output {
        var back = vf_winograd_output()
        back.blocks = UnsafePointer(blocks.baseAddress)
        back.block_count = blocks.count
        back.channels = weights.outChannels
        back.products = products
        back.plane = blocks.count * weights.outChannels
        if let addend {
            back.addend = UnsafePointer(base(of: step.inputs[1]).assumingMemoryBound(to: Float.self))
            back.addend_row_pitch = addend.layout.rowPitch
            back.addend_pixel_pitch = addend.layout.channels
        }
        back.output = base(of: step.output).assumingMemoryBound(to: Float.self)
        back.output_row_pitch = output.layout.rowPitch
        back.output_pixel_pitch = output.layout.channels
        back.epilogue = step.epilogue.native()
        return back
    }

    /// The 4×4 blocks of one face.
    private static func blocks(
        of face: Int,
        _ input: PlacedLayout,
        _ output: PlacedLayout,
        _ addend: PlacedLayout?
    ) -> [vf_winograd_block] {
        let side = WinogradWeights.blockSide
        let (height, width) = (output.layout.height, output.layout.width)
        func offset(_ placed: PlacedLayout, row: Int, column: Int) -> Int32 {
            let layout = placed.layout
            return Int32(face * placed.facePitch + layout.origin + row * layout.rowPitch + column * layout.channels)
        }
        var blocks: [vf_winograd_block] = []
        for row in stride(from: 0, to: height, by: side) {
            for column in stride(from: 0, to: width, by: side) {
                blocks.append(
                    vf_winograd_block(
                        input: offset(input, row: row - 1, column: column - 1),
                        output: offset(output, row: row, column: column),
                        addend: addend.map { offset($0, row: row, column: column) } ?? 0,
                        rows: Int16(min(side, height - row)),
                        columns: Int16(min(side, width - column))
                    )
                )
            }
        }
        return blocks
    }
}
