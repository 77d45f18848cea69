internal import ImageURL
internal import WorkerProtocol

/// What one step does to the size of its picture.
typealias StepPlan = ResizePlan

extension ResizePlan {
    /// The plan of every step, in order; each result is within the limits.
    static func plans(
        for recipe: Recipe, source: PixelSize, limits: TransformLimits
    ) throws(TransformFailure) -> [ResizePlan] {
        var plans: [ResizePlan] = []
        var size = source
        for step in recipe.steps {
            guard let resize = step.resize else { continue }
            let plan = ResizePlan(source: size, original: source, resize: resize)
            size = plan.output
            // What is cut away is not computed, but its coordinates must be ones that libvips can count.
            guard plan.scaled.width <= largestScaledSide, plan.scaled.height <= largestScaledSide else {
                let side = max(plan.scaled.width, plan.scaled.height)
                throw .tooLarge(.outputSide, actual: side, allowed: largestScaledSide)
            }
            let pixels = size.width * size.height
            guard pixels <= limits.outputPixels else {
                throw .tooLarge(.outputPixels, actual: pixels, allowed: limits.outputPixels)
            }
            plans.append(plan)
        }
        return plans
    }

    private static let largestScaledSide = 10_000_000
}
