using static TorchSharp.torch;

namespace ErTraining.Tests.Placement;

/// <summary>Another default device than the CPU until it is disposed of: one whose tensors have no values, so that none can be used unnoticed.</summary>
internal sealed class DefaultDevice : IDisposable
{
    private readonly Device _before = get_default_device();

    private DefaultDevice() => set_default_device(Meta);

    /// <summary>The device of tensors that have a shape, a type and no values.</summary>
    public static Device Meta { get; } = new("meta");

    /// <summary>What names no device is made on <see cref="Meta"/> from here on.</summary>
    public static DefaultDevice IsMeta() => new();

    public void Dispose() => set_default_device(_before);
}
