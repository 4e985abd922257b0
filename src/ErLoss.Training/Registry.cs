using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using ErLoss.Training.Encoders;
using ErLoss.Training.Methods;
using ErLoss.Training.Optimization;
using ErLoss.Training.Settings;

namespace ErLoss.Training;

/// <summary>
/// The encoders, methods and optimizers that a program knows, by their names. It is immutable: each addition gives a new one, to be handed to
/// <c>Harness.RunAsync</c>.
/// </summary>
/// <example>
/// <code>
/// return await Harness.RunAsync(args, Registry.Default.WithEncoder&lt;MySettings&gt;("mine", settings => new MyNet(settings)));
/// </code>
/// </example>
public sealed class Registry
{
    private readonly IReadOnlyList<Kind> _kinds;
    private readonly IReadOnlyDictionary<Type, Func<EncoderSettings, Encoder>> _encoders;

    private Registry(IReadOnlyList<Kind> kinds, IReadOnlyDictionary<Type, Func<EncoderSettings, Encoder>> encoders)
    {
        _kinds = kinds;
        _encoders = encoders;
        Document = new Document<RunSettings>(kinds);
        Methods = kinds.Where(kind => kind.Base == typeof(MethodSettings)).ToDictionary(kind => kind.Name, kind => (MethodSettings)kind.Create());
    }

    /// <summary>What comes with the program.</summary>
    public static Registry Default { get; } = new(
        [
            Method<SimClrSettings>("simclr"),
            Method<ByolSettings>("byol"),
            Method<DinoSettings>("dino"),
            Method<SwAVSettings>("swav"),
            Method<DeepClusterSettings>("deepcluster"),
            new Kind(typeof(EncoderSettings), "convnet", typeof(ConvNetSettings)),
            new Kind(typeof(EncoderSettings), "resnet18", typeof(ResNet18Settings)),
            new Kind(typeof(OptimizerSettings), "adamw", typeof(AdamWSettings)),
            new Kind(typeof(OptimizerSettings), "sgd", typeof(SgdSettings)),
            new Kind(typeof(OptimizerSettings), "lars", typeof(LarsSettings)),
        ],
        new Dictionary<Type, Func<EncoderSettings, Encoder>>
        {
            [typeof(ConvNetSettings)] = settings => new ConvNet(((ConvNetSettings)settings).Width ?? ConvNet.DefaultWidth),
            [typeof(ResNet18Settings)] = settings => Make((ResNet18Settings)settings),
        });

    /// <summary>The same with another encoder: <c>--encoder NAME</c> trains it, and its settings become options, with their help, and members of config.json.</summary>
    /// <typeparam name="TSettings">The encoder's settings: properties marked with <see cref="SettingAttribute"/>. One record for each encoder.</typeparam>
    /// <param name="name">The encoder's name.</param>
    /// <param name="create">Makes the encoder on the CPU, its weights drawn from TorchSharp's global generator.</param>
    /// <exception cref="ArgumentException">The name or the record is taken, or one of the settings has a word that is taken.</exception>
    public Registry WithEncoder<TSettings>(string name, Func<TSettings, Encoder> create)
        where TSettings : EncoderSettings, new() => new(
            [.. _kinds, Free(new Kind(typeof(EncoderSettings), name, typeof(TSettings)))],
            new Dictionary<Type, Func<EncoderSettings, Encoder>>(_encoders) { [typeof(TSettings)] = settings => create((TSettings)settings) });

    /// <summary>The same with another method.</summary>
    /// <typeparam name="TSettings">The method's settings, which also make it.</typeparam>
    /// <param name="name">The method's name.</param>
    /// <exception cref="ArgumentException">The name or the record is taken, or one of the settings has a word that is taken.</exception>
    internal Registry WithMethod<TSettings>(string name)
        where TSettings : MethodSettings, new() => new([.. _kinds, Free(Method<TSettings>(name))], _encoders);

    /// <summary>The door for the settings of runs of these kinds.</summary>
    internal Document<RunSettings> Document { get; }

    /// <summary>The methods by their names, each with its defaults.</summary>
    internal IReadOnlyDictionary<string, MethodSettings> Methods { get; }

    /// <summary>The encoders' names.</summary>
    internal IEnumerable<string> Encoders => _kinds.Where(kind => kind.Base == typeof(EncoderSettings)).Select(kind => kind.Name);

    /// <summary>A fresh encoder, its weights drawn from the global generator.</summary>
    /// <param name="settings">Of the encoder.</param>
    /// <param name="imageSize">Height and width of the images that it is for.</param>
    /// <param name="weights">File of the weights that it is going to get; null if it keeps those that are drawn.</param>
    /// <exception cref="DataException">The file cannot be read.</exception>
    internal Encoder CreateEncoder(EncoderSettings settings, int imageSize, string? weights) => _encoders[settings.GetType()](settings.For(imageSize, weights));

    /// <summary>A fresh encoder with the defaults of its kind.</summary>
    internal Encoder CreateEncoder(string name, int imageSize = ImageSet.DefaultSize) =>
        CreateEncoder((EncoderSettings)_kinds.First(kind => kind.Base == typeof(EncoderSettings) && kind.Name == name).Create(), imageSize, weights: null);

    private static ResNet18 Make(ResNet18Settings settings) => new(settings.Stem ?? ResNetStem.Cifar, settings.Width ?? ResNet18.DefaultWidth);

    private static Kind Method<TSettings>(string name)
        where TSettings : MethodSettings, new() => new(typeof(MethodSettings), name, typeof(TSettings));

    private Kind Free(Kind kind) =>
        _kinds.Any(other => other.Base == kind.Base && (other.Name == kind.Name || other.Type == kind.Type))
            ? throw new ArgumentException($"There is another '{kind.Name}', or {kind.Type.Name} has another name already.")
            : kind;
}
