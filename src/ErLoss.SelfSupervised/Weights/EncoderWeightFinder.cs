using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>
/// Finds an encoder's tensors among those of a file, whatever precedes their names there: wrappers such as <c>module.</c> and <c>_orig_mod.</c>, and the names
/// that methods have for their encoders, such as <c>backbone.</c> and <c>encoder_q.</c>.
/// </summary>
internal sealed partial class EncoderWeightFinder
{
    /// <summary>The end of the names of counters that batch normalisation keeps and, with a momentum, does not use.</summary>
    private const string Counter = "num_batches_tracked";

    /// <summary>The end of the names of variances that batch normalisation keeps, and takes the root of.</summary>
    private const string Variance = "running_var";

    private const int NamesShown = 10;

    private readonly Dictionary<string, SafeTensor> _file;
    private readonly IReadOnlyDictionary<string, Tensor> _encoder;
    private readonly string[] _needed;
    private readonly string _prefix;
    private readonly string[] _others;

    /// <summary>Looks for the prefix under which most of the encoder's tensors are.</summary>
    /// <param name="file">The tensors of a file, by name.</param>
    /// <param name="encoder">The encoder's, by name.</param>
    public EncoderWeightFinder(Dictionary<string, SafeTensor> file, IReadOnlyDictionary<string, Tensor> encoder)
    {
        _file = file;
        _encoder = encoder;
        _needed = [.. encoder.Keys.Where(name => !IsCounter(name))];
        (string Prefix, int Fitting, int Named)[] candidates =
        [
            .. Places()
                .GroupBy(place => place.Prefix, (prefix, places) => (Prefix: prefix, Fitting: places.Count(place => Fits(prefix, place.Name)), Named: places.Count()))
                .OrderByDescending(candidate => candidate.Fitting)
                .ThenByDescending(candidate => candidate.Named)
                .ThenBy(candidate => Follower().IsMatch(candidate.Prefix))
                .ThenBy(candidate => candidate.Prefix.Length)
                .ThenBy(candidate => candidate.Prefix, StringComparer.Ordinal),
        ];
        _prefix = candidates.Length > 0 ? candidates[0].Prefix : "";
        _others = [.. candidates.Skip(1).Where(candidate => candidate.Fitting == _needed.Length).Select(candidate => candidate.Prefix)];
    }

    /// <summary>Copies the values into the encoder; nothing is changed if they do not fit.</summary>
    /// <exception cref="InvalidDataException">They do not; the message says what is wanted, and what the file has instead.</exception>
    public WeightsReadResult Take()
    {
        string[] lacking = [.. _needed.Where(name => !Fits(_prefix, name))];
        string[] strange = [.. Strange()];
        if (lacking.Length + strange.Length > 0)
        {
            throw new InvalidDataException(Misfit(lacking, strange));
        }
        string[] taken = [.. _encoder.Keys.Where(name => Fits(_prefix, name))];
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor[] values = [.. taken.Select(name => NamedTensors.ToTensor(_file[_prefix + name]).to(_encoder[name].dtype))];
        foreach ((string name, Tensor value) in taken.Zip(values))
        {
            if (!value.isfinite().all().item<bool>())
            {
                throw new InvalidDataException($"'{_prefix}{name}' holds NaN, infinity or numbers that {ElementType.InWords(ElementType.NameOf(value.dtype))} does not reach; finite numbers in its range are wanted.");
            }
            if (name.EndsWith(Variance, StringComparison.Ordinal) && value.lt(0).any().item<bool>())
            {
                throw new InvalidDataException($"'{_prefix}{name}' holds negative numbers; variances, zero or above, are wanted.");
            }
        }
        foreach ((string name, Tensor value) in taken.Zip(values))
        {
            _encoder[name].copy_(value);
        }
        return new WeightsReadResult
        {
            Count = taken.Length,
            Prefix = _prefix,
            Converted = taken
                .Select(name => (_file[_prefix + name].DType, Wanted: _encoder[name].dtype))
                .Where(types => types.DType != ElementType.NameOf(types.Wanted))
                .GroupBy(types => types.DType)
                .ToDictionary(types => types.Key, types => types.Count()),
            Missing = [.. _encoder.Keys.Except(taken)],
            Left = [.. _file.Keys.Except(taken.Select(name => _prefix + name)).Order(StringComparer.Ordinal)],
            OtherPrefixes = _others,
        };
    }

    /// <summary>Each place where one of the encoder's names ends one of the file's, with what precedes it there.</summary>
    private IEnumerable<(string Prefix, string Name)> Places()
    {
        HashSet<string> needed = [.. _needed];
        int longest = _needed.Select(name => name.Length).DefaultIfEmpty().Max(); // an encoder may have no weights
        foreach (string name in _file.Keys)
        {
            for (int start = 0; start >= 0 && start < name.Length; start = After(name, start))
            {
                if (name.Length - start <= longest && needed.Contains(name[start..])) // a hostile name may have a dot at every other place
                {
                    yield return (name[..start], name[start..]);
                }
            }
        }

        static int After(string name, int start) => name.IndexOf('.', start) is >= 0 and var dot ? dot + 1 : -1;
    }

    private bool Fits(string prefix, string name) =>
        _file.TryGetValue(prefix + name, out SafeTensor? source)
        && source.Shape.AsSpan().SequenceEqual(_encoder[name].shape)
        && ElementType.CanConvert(source.DType, _encoder[name].dtype);

    /// <summary>
    /// The file's tensors within a part that the encoder has too, such as <c>layer1</c>, but which the encoder has not: a ResNet-34 holds all names and shapes of
    /// a ResNet-18, and is none. Parts that the encoder has not, such as a head, are no hindrance.
    /// </summary>
    private IEnumerable<string> Strange()
    {
        HashSet<string> parts = [.. _encoder.Keys.Select(Part)];
        return from name in _file.Keys
               where name.StartsWith(_prefix, StringComparison.Ordinal)
               let own = name[_prefix.Length..]
               where parts.Contains(Part(own)) && (!_encoder.ContainsKey(own) || !Fits(_prefix, own)) && !IsCounter(own)
               select own;

        static string Part(string name) => name.Split('.')[0];
    }

    private string Misfit(string[] lacking, string[] strange)
    {
        string guess = EncoderGuess.Describe(_file) is { } what ? $"; by its names it holds {what}" : "";
        string[] found = strange.Length > 0 ? strange : [.. _file.Keys];
        string ofType = lacking.Any(name => _file.TryGetValue(_prefix + name, out SafeTensor? source)
            && source.Shape.AsSpan().SequenceEqual(_encoder[name].shape) && !ElementType.CanConvert(source.DType, _encoder[name].dtype))
                ? " Only float16, bfloat16, float32 and float64 are converted." : "";
        return $"not the weights of this encoder{guess}.{ofType} {Some("The encoder needs", lacking, name => Shape(_encoder[name].shape))}{Some("The file has", found, InFile)}".TrimEnd();

        string InFile(string own)
        {
            SafeTensor tensor = _file.TryGetValue(_prefix + own, out SafeTensor? prefixed) ? prefixed : _file[own];
            return (ElementType.CanConvert(tensor.DType, ScalarType.Float32) ? "" : $"{tensor.DType} ") + Shape(tensor.Shape);
        }
    }

    /// <summary>The first of some names with what is said of each.</summary>
    private static string Some(string says, string[] names, Func<string, string> of) => names.Length == 0 ? "" :
        $"{says} {string.Join(", ", names.Order(StringComparer.Ordinal).Take(NamesShown).Select(name => $"{name} {of(name)}"))}"
        + $"{(names.Length > NamesShown ? $" and {names.Length - NamesShown} more" : "")}. ";

    private static string Shape(long[] shape) => $"[{string.Join(",", shape)}]";

    private static bool IsCounter(string name) => name.EndsWith(Counter, StringComparison.Ordinal);

    /// <summary>Prefixes of networks that follow the encoder that is trained, such as a momentum teacher. Their weights are taken only where there are no others.</summary>
    [GeneratedRegex(@"teacher|momentum|target|encoder_k|key_encoder|(^|[._])ema([._]|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Follower();
}
