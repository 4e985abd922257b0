using ErLoss.Modules;

namespace ErTraining.Methods;

/// <summary>What a method is made from.</summary>
/// <param name="Objective">Which loss it trains with.</param>
/// <param name="EntropyReconstruction">
/// The entropy–reconstruction loss of its ER form, and how entropy and reconstruction are reported in its native form. A method whose
/// projections live on another support sets that itself.
/// </param>
internal sealed record MethodSettings(Objective Objective, EntropyReconstructionOptions EntropyReconstruction);
