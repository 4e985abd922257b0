using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using ErTraining.Data;
using ErTraining.Reporting;
using ErTraining.Training;

namespace ErTraining.Commands;

/// <summary>The settings of a run that began earlier, to go on with. Its config.json is taken as if its members were options, so that each is checked as they are.</summary>
internal static class EarlierRun
{
    private static readonly Command s_options = MakeCommand();

    /// <summary>A number too large to be one is for the option to refuse.</summary>
    private static readonly JsonSerializerOptions s_words = new(JsonFormat.Line) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>The settings of its config.json; where its images are and where to compute, as the options given have it.</summary>
    /// <param name="folder">The run's.</param>
    /// <param name="given">The command line.</param>
    /// <exception cref="DataException">config.json is missing, or not sound.</exception>
    /// <exception cref="UsageException">An option asks for another run than that.</exception>
    public static TrainingSettings Settings(RunFolder folder, ParseResult given)
    {
        Dictionary<string, string> arguments = Arguments(folder.ReadSettings());
        TrainingSettings began;
        try
        {
            began = Read(arguments);
        }
        catch (UsageException e)
        {
            throw new DataException($"{folder.ConfigPath}: not the settings of a run: {e.Message}", e);
        }
        foreach (Option option in TrainingOptions.All)
        {
            if (given.GetResult(option) is { Implicit: false } result)
            {
                arguments[option.Name] = result.Tokens is [var token] ? token.Value : "true";
            }
        }
        TrainingSettings asked = Read(arguments);
        return SettingsDifference.Between(began, asked) is { } other
            ? throw new UsageException(
                $"{folder.ConfigPath}: the run has {other.Name} {other.First}, not {other.Second}; leave that option out to go on with it, or give another --output.")
            : asked;
    }

    /// <summary>Values by the options' names.</summary>
    private static Dictionary<string, string> Arguments(TrainingSettings settings) =>
        JsonSerializer.SerializeToElement(settings, s_words).EnumerateObject()
            .Where(member => member.Name is not ("version" or "centering" or "tf32"))
            .Select(member => ("--" + member.Name.Replace('_', '-'), member.Value.ToString()))
            .Append(("--no-centering", $"{!settings.Centering}"))
            .Append(("--tf32", $"{settings.Tf32 == Tf32.Products}"))
            .Append(("--no-tf32", $"{settings.Tf32 == Tf32.None}"))
            .ToDictionary();

    private static TrainingSettings Read(Dictionary<string, string> arguments)
    {
        ParseResult parsed = s_options.Parse(
            [.. arguments.Select(argument => $"{argument.Key}={argument.Value}")], new ParserConfiguration { ResponseFileTokenReplacer = null });
        return parsed.Errors is [var error, ..]
            ? throw new UsageException(error.Message)
            : TrainingOptions.WithDefaults(TrainingOptions.Read(parsed));
    }

    private static Command MakeCommand()
    {
        var command = new Command("settings");
        foreach (Option option in TrainingOptions.All)
        {
            command.Add(option);
        }
        return command;
    }
}
