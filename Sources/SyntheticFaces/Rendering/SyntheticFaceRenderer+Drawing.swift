extension SyntheticFaceRenderer {
    /// Builds and turns every mesh of a scene.
    func place(_ scene: inout Scene) {
        let look = scene.look
        placeHead(scene)
        scene.person.hair.shape(hair, traits: scene.traits.hair, cut: scene.cut, head: scene.surface, hat: look.hat)
        for (ear, side) in zip(ears, [Float(-1), 1]) {
            EarModel.shape(ear, side: side, traits: scene.traits.ears, head: scene.surface)
        }
        BodyModel.shape(body, neckWidth: scene.traits.head.neckWidth, opening: Float(look.sceneSeed & 3))
        for mesh in [head, hair, body] { turn(mesh, scene) }
        turn(ears[0], scene)
        turn(ears[1], scene, flip: true)
        if look.covering == .mask {
            MaskModel.shape(mask, person: scene.person, jawDrop: scene.photograph.expression.mouthOpen)
            turn(mask, scene)
        }
        if let model = scene.glasses {
            model.shape(glasses, eyes: scene.traits.eyes, head: scene.surface)
            for (number, mesh) in glasses.enumerated() {
                turn(mesh, scene, flip: GlassesModel.mirrored.contains(number))
            }
        }
    }

    private func turn(_ mesh: GridMesh, _ scene: Scene, flip: Bool = false) {
        mesh.pose(scene.pose, camera: scene.camera)
        mesh.computeNormals(flip: flip)
    }

    /// The head at rest with the moment's shifts, and its places in the texture.
    private func placeHead(_ scene: Scene) {
        let person = scene.person
        let span = FaceTexture.topV - FaceTexture.bottomV
        let side = Float(FaceTexture.side)
        let shares = HeadSurface.columnDegrees.map {
            FaceTexture.share(atDegrees: clamp($0, -FaceTexture.edgeDegrees, FaceTexture.edgeDegrees))
        }
        var index = 0
        for v in HeadSurface.rowHeights {
            let textureRow = (FaceTexture.topV - v) / span * side
            for (column, share) in shares.enumerated() {
                var vertex = person.model[index]
                let place = person.material[index]
                let inFront = abs(HeadSurface.columnDegrees[column]) < 88
                if inFront && FaceSculpt.momentaryRange.contains(place.y) {
                    vertex += scene.surface.sculpt.momentaryShift(x: place.x, y: place.y)
                }
                head.model[index] = vertex
                head.attributes[index][0] = share * side
                head.attributes[index][1] = textureRow
                index += 1
            }
        }
    }

    /// Casts shadows and lights every mesh.
    func light(_ scene: Scene) {
        shadow.reset(towards: scene.rig.keyDirection)
        shadow.add(head, stride: 2) { _ in true }
        shadow.add(hair, stride: 2) { self.hair.attributes[$0][3] > 0.1 }
        shadow.add(body, stride: 1) { _ in true }
        head.light(scene.rig, shadow: shadow, reach: 3)
        hair.light(scene.rig, shadow: shadow, reach: 0)
        body.light(scene.rig, shadow: shadow, reach: 0)
        for ear in ears { ear.light(scene.rig, shadow: shadow, reach: 0) }
        if scene.look.covering == .mask { mask.light(scene.rig, shadow: nil, reach: 0) }
        if scene.glasses != nil { for mesh in glasses { mesh.light(scene.rig, shadow: nil, reach: 0) } }
    }

    /// Draws back to front where things are transparent, else by depth.
    func compose(_ scene: Scene) {
        let look = scene.look
        let person = scene.person
        canvas.clearDepths()
        Backdrop(seed: look.sceneSeed, gain: 0.55 * scene.photograph.light.exposure).fill(canvas)
        canvas.draw(body, with: fabric(scene))
        canvas.draw(head, with: FaceShader(texture: texture))
        let earColor = person.tone * Vector(1.02, 0.88, 0.88, 1)
        let earShader = PlainSkinShader(color: earColor, gloss: 0.05)
        let earsHidden = scene.cut.length > 0 && !scene.cut.tiedBack && !look.hat
        if !earsHidden { for ear in ears { canvas.draw(ear, with: earShader, bothSides: true) } }
        if look.covering == .mask { canvas.draw(mask, with: MaskShader(color: maskColor(look))) }
        canvas.draw(
            hair,
            with: person.hair.shader(traits: scene.traits.hair, hat: look.hat, hatColor: look.accent.padded),
            bothSides: true
        )
        if let model = scene.glasses { drawGlasses(model) }
        drawOverlay(scene)
    }

    private func drawGlasses(_ model: GlassesModel) {
        let frame = PlainSkinShader(color: model.frame, gloss: 0.25)
        for index in [0, 1, 4, 5, 6] { canvas.draw(glasses[index], with: frame, bothSides: true) }
        let lens = LensShader(tint: model.tint, opacity: model.opacity, shine: model.opacity > 0.5 ? 0.025 : 0.006)
        for index in [2, 3] { canvas.draw(glasses[index], with: lens, bothSides: true) }
    }

    private func drawOverlay(_ scene: Scene) {
        let unit = scene.camera.samplesPerCentimetre
        let look = scene.look
        switch look.covering {
        case .hand:
            Overlay.hand(
                seed: look.sceneSeed,
                landmarks: scene.landmarks,
                unit: unit,
                color: scene.person.tone * 0.95
            )
            .draw(canvas, rig: scene.rig)
        case .object:
            Overlay.object(
                seed: look.sceneSeed,
                landmarks: scene.landmarks,
                unit: unit,
                color: look.accent.padded
            )
            .draw(canvas, rig: scene.rig)
        case .none, .sunglasses, .mask:
            break
        }
    }

    private func fabric(_ scene: Scene) -> FabricShader {
        let look = scene.look
        let kind = (look.sceneSeed >> 8) & 7
        let pitch = 0.25 + Float((look.sceneSeed >> 16) & 15) * 0.06
        let stripes = SIMD2(kind == 1 || kind == 2 ? pitch : 0, kind == 2 || kind == 3 ? pitch : 0)
        return FabricShader(color: look.clothes.padded, trim: look.trim.padded, stripes: stripes)
    }

    private func maskColor(_ look: Appearance) -> Vector {
        switch (look.sceneSeed >> 20) & 3 {
        case 0: Vector(0.3, 0.5, 0.62, 0)
        case 1: Vector(0.75, 0.76, 0.77, 0)
        case 2: Vector(0.02, 0.02, 0.022, 0)
        default: look.accent.padded
        }
    }
}
