using static TorchSharp.torch;

namespace ErLoss.Training.Views;

/// <summary>The random numbers of one view of each image of a batch, uniform on [0, 1).</summary>
/// <param name="Always">(n, k): those that every view takes.</param>
/// <param name="More">(m, k): those that views take besides where the settings ask for it; null where they do not.</param>
internal readonly record struct ViewDraws(Tensor Always, Tensor? More);
