using static TorchSharp.torch;

namespace ErLoss.SelfSupervised;

/// <summary>torch's global generator on the CPU, from which networks draw their initial weights.</summary>
internal static class DefaultGenerator
{
    /// <summary>What <paramref name="make"/> makes; the generator is as before, also if this fails.</summary>
    public static T Preserve<T>(Func<T> make)
    {
        using Tensor state = Generator.Default.get_state();
        try
        {
            return make();
        }
        finally
        {
            Generator.Default.set_state(state);
        }
    }
}
