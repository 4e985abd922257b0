using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>Something that must hold on a device, of which <c>selftest</c> writes a line and the CUDA tests make a case.</summary>
/// <param name="Name">What is checked, in a few words.</param>
/// <param name="On">Looks at a device; who calls it has a dispose scope open.</param>
/// <param name="NeedsCuda">Whether a CPU cannot stand in for a GPU.</param>
internal sealed record Check(string Name, Func<Device, IEnumerable<Finding>> On, bool NeedsCuda = false)
{
    /// <summary>The name, as test runners show a case.</summary>
    public override string ToString() => Name;
}
