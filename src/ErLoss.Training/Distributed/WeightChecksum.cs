using System.IO.Hashing;
using System.Text;
using static TorchSharp.torch;

namespace ErLoss.Training.Distributed;

/// <summary>A number that other weights have only by a chance of 2⁻¹²⁸.</summary>
internal static class WeightChecksum
{
    /// <summary>The XxHash128 of parameters and buffers with their names, in hexadecimal digits.</summary>
    public static string Of(nn.Module module)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var hash = new XxHash128();
        foreach ((string name, Tensor value) in module.state_dict())
        {
            hash.Append(Encoding.UTF8.GetBytes(name));
            using var ofValue = NewDisposeScope();
            if (value.numel() > 0)
            {
                hash.Append(value.detach().cpu().contiguous().bytes);
            }
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
