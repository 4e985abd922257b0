using ErLoss.SelfSupervised.Encoders;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Encoders;

/// <summary>A machine on which libtorch computes convolutions wrongly, as some do.</summary>
internal static class FaultyConvolution
{
    /// <summary>Spoils the result of the encoder's first convolution.</summary>
    public static void Spoil(Encoder encoder, Func<Tensor, bool> where, Action<Tensor> spoil) =>
        encoder.modules().OfType<ImageConvolution>().First().register_forward_hook((_, _, maps) =>
        {
            if (where(maps))
            {
                using var frozen = no_grad();
                using var scope = NewDisposeScope();
                spoil(maps);
            }
            return maps;
        });
}
