using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>In what type and in what sizes an attention kernel is called.</summary>
/// <param name="Type">What rows are rounded to.</param>
/// <param name="Columns">Of what the number of columns is a multiple.</param>
/// <param name="Multiple">Of what the length of a sequence is a multiple.</param>
/// <param name="Apart">Whether the two triangles are computed one after the other, which takes less memory.</param>
internal readonly record struct AttentionShape(ScalarType Type, int Columns, int Multiple, bool Apart);
