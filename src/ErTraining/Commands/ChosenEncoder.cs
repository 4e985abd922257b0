using System.IO.Hashing;
using System.Text;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using static TorchSharp.torch;
using Encoder = ErLoss.SelfSupervised.Encoders.Encoder;

namespace ErTraining.Commands;

/// <summary>The trained encoder that a command line names, on its device; see <see cref="EncoderOptions"/>.</summary>
/// <param name="Encoder">The network.</param>
/// <param name="Name">Name of its kind.</param>
/// <param name="Preprocessing">What it expects of images.</param>
/// <param name="Source">The folder or file of the weights.</param>
/// <param name="Device">Where it computes.</param>
/// <param name="Settings">Those of its run, or the defaults of a file of weights.</param>
/// <param name="NameOf">What messages call a setting, given its word.</param>
internal sealed record ChosenEncoder(Encoder Encoder, string Name, ImagePreprocessing Preprocessing, string Source, Device Device, RunSettings Settings, Func<string, string> NameOf) : IDisposable
{
    /// <summary>A number that all have which compute the same features: that of the weights, of what images go through, and of how it is computed.</summary>
    public string Fingerprint()
    {
        var hash = new XxHash128();
        foreach ((string name, SafeTensor tensor) in NamedTensors.ToSafeTensors(Encoder.state_dict()))
        {
            hash.Append(Encoding.UTF8.GetBytes(name));
            hash.Append(tensor.Data);
        }
        hash.Append(Encoding.UTF8.GetBytes($"{Name} {Preprocessing} {Settings.Data.Decoding().Background} {Device} {get_num_threads()}"));
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <inheritdoc/>
    public void Dispose() => Encoder.Dispose();
}
