using System.CommandLine;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErLoss.Training.Runs;
using ErTraining.CommandLine;
using ErTraining.Terminal;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Commands;

/// <summary>
/// The options of commands that use a trained encoder: <c>--checkpoint</c> names a run, <c>--weights</c> a file, device and threads say where it computes, and some settings of the images say how
/// their files are read.
/// </summary>
internal sealed class EncoderOptions
{
    /// <summary>Words of the settings that go with a run, too.</summary>
    private static readonly string[] s_always = ["device", "threads", "skip_unreadable", "background", "max_pixels"];

    private static readonly Dictionary<string, OptionHelp> s_help = new()
    {
        ["skip_unreadable"] = new(Default: "as the run did"),
        ["background"] = new(Default: "that of the run or of the file of --weights, else white"),
        ["max_pixels"] = new(Default: "that of the run; 67108864 with --weights"),
        ["encoder"] = new("Encoder network that the weights in the file of --weights are for.", "the one that the file names, else convnet"),
        ["image_size"] = new("Height and width in pixels at which images are given to the weights in the file of --weights.", "those that the file names, else 224 with ImageNet's stem and 32 without"),
        ["weights"] = new("Safetensors file with the weights of the encoder, as export or PyTorch writes it.", ""),
    };

    private readonly Registry _registry;
    private readonly SettingOptions _settings;
    private readonly Option<string?> _checkpoint = SharedOptions.Checkpoint();

    /// <summary>Makes the options of a command.</summary>
    /// <param name="registry">The encoders that there are.</param>
    public EncoderOptions(Registry registry)
    {
        _registry = registry;
        _settings = new SettingOptions(registry, setting => setting.Path.Split('.')[0] == "encoder" || setting.Word == "image_size" || s_always.Contains(setting.Word), s_help);
    }

    /// <summary>All of them, in the order that help lists them.</summary>
    public IEnumerable<Option> All => [_checkpoint, .. _settings.All];

    /// <summary>Loads the encoder, checks that this machine computes its features correctly, and says in a line what it is.</summary>
    /// <exception cref="UsageException">The options do not go together.</exception>
    /// <exception cref="DataException">The run or the file cannot be used.</exception>
    /// <exception cref="WrongFeaturesException">This machine computes the features wrongly.</exception>
    public ChosenEncoder Load(ParseResult parsed) => _settings.InWords(parsed, () => Load(parsed, parsed.GetValue(_checkpoint)));

    /// <summary>As <see cref="FeatureCheck.Require"/>, while the terminal shows what is done, since the check takes seconds for large images.</summary>
    /// <param name="encoder">On its device.</param>
    /// <param name="size">Height and width of the images to come.</param>
    /// <exception cref="WrongFeaturesException">This machine computes the features wrongly.</exception>
    public static void RequireRightFeatures(Encoder encoder, long size)
    {
        using var work = new ActivityLine("checking that this machine computes features correctly");
        FeatureCheck.Require(encoder, size);
    }

    /// <summary>Refuses an encoder for images of a size that is not read.</summary>
    /// <exception cref="DataException">It is for such images.</exception>
    internal static void CheckSize(ImagePreprocessing preprocessing, string source)
    {
        if (preprocessing.ImageSize is < ImageSet.LeastSize or > ImageSet.LargestSize)
        {
            throw new DataException(
                $"{source}: an encoder for images of {preprocessing.ImageSize}x{preprocessing.ImageSize} pixels; images are read at {ImageSet.LeastSize}x{ImageSet.LeastSize} to {ImageSet.LargestSize}x{ImageSet.LargestSize} here.");
        }
    }

    private ChosenEncoder Load(ParseResult parsed, string? checkpoint)
    {
        string? weights = _settings.GivenName(parsed, "weights") is null ? null : _settings.Given(parsed).First(setting => setting.Word == "weights").Value;
        if ((checkpoint is null) == (weights is null))
        {
            throw new UsageException(checkpoint is null ? "--checkpoint or --weights is wanted." : "--checkpoint does not go with --weights; leave one of them out.");
        }
        (RunSettings settings, ImagePreprocessing preprocessing, string source) = checkpoint is not null ? OfRun(parsed, checkpoint) : OfFile(parsed, weights!);
        CheckSize(preprocessing, source);
        settings = settings with { Data = settings.Data with { ImageSize = preprocessing.ImageSize } };
        Device device = SharedOptions.UseDevice(settings.Compute);
        Devices.AllowTf32(settings.Compute.Tf32); // as the run had it
        InitialWeights.Seed(settings.Seed);
        Encoder encoder = _registry.CreateEncoder(settings.Encoder, preprocessing.ImageSize, checkpoint is null ? source : ModelWeights.FileIn(source));
        try
        {
            if (checkpoint is not null)
            {
                ModelWeights.LoadEncoder(source, encoder);
            }
            else
            {
                WeightsLines.Write(source, EncoderFile.Read(source, encoder), encoder, preprocessing.ImageSize);
            }
            encoder.to(device);
            RequireRightFeatures(encoder, preprocessing.ImageSize);
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
        string name = _registry.Document.NameOf(settings.Encoder);
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{WeightsLines.Describe(name, encoder)}[/], {(checkpoint is null ? $"the weights in {source}" : $"trained with {_registry.Document.NameOf(settings.Method)}")}, {encoder.FeatureDimension} features an image, on {Devices.DescribeChoice(device, Precision.Float32, settings.Compute.Tf32)}");
        return new ChosenEncoder(encoder, name, preprocessing, source, device, settings, _settings.NamesIn(parsed));
    }

    /// <summary>The settings of a run, with what the command line has in place of its own, and the folder of its weights.</summary>
    private (RunSettings Settings, ImagePreprocessing Preprocessing, string Source) OfRun(ParseResult parsed, string checkpoint)
    {
        IReadOnlyList<(string Word, string Value)> given = _settings.Given(parsed);
        if (given.FirstOrDefault(setting => !s_always.Contains(setting.Word)).Word is { } word)
        {
            throw new UsageException($"{_settings.GivenName(parsed, word)} goes with --weights; a run's encoder and the size of its images are in its settings.");
        }
        (RunSettings run, string folder) = RunReader.Find(checkpoint, _registry);
        RunSettings settings = _registry.Document.With(run with { Compute = run.Compute with { Device = "auto", Threads = null } }, given);
        return (settings, settings.Preprocessing, folder);
    }

    /// <summary>The defaults, with the network that the command line or the file names.</summary>
    private (RunSettings Settings, ImagePreprocessing Preprocessing, string Source) OfFile(ParseResult parsed, string file)
    {
        EncoderMetadata metadata = EncoderFile.ReadMetadata(file);
        IReadOnlyList<(string Word, string Value)> given = _settings.Given(parsed);
        if (metadata.Network is { } named && _registry.Encoders.Contains(named) && _settings.GivenName(parsed, "encoder") is null)
        {
            given = [("encoder", named), .. given];
        }
        var defaults = new RunSettings();
        RunSettings settings = _registry.Document.With(defaults with { Data = defaults.Data with { Background = metadata.Preprocessing.Background } }, given);
        return (settings, _settings.GivenName(parsed, "image_size") is null ? metadata.Preprocessing : metadata.Preprocessing with { ImageSize = settings.Data.ImageSize }, file);
    }
}
