using System.CommandLine;
using System.Text.RegularExpressions;
using ErLoss.Package.Tests;
using ErLoss.Training;
using ErLoss.Training.Studies;
using ErTraining.Commands;
using ErTraining.Tests.Commands;

namespace ErTraining.Tests.Documentation;

/// <summary>The program has the commands and options that the documentation names.</summary>
[NonParallelizable] // it reads what the program prints
internal sealed partial class CommandTests
{
    private const string Default = "train";

    private static readonly Dictionary<string, string> s_help = [];

    private static IEnumerable<TestCaseData> Commands() =>
        from file in MarkdownFile.All
        from block in file.CodeBlocks("bash")
        from Match match in CallOfTheProgram().Matches(block.Code)
        select new TestCaseData(match.Groups["arguments"].Value.Trim()).SetArgDisplayNames(file.Name, match.Groups["arguments"].Value.Trim());

    [TestCaseSource(nameof(Commands))]
    public void A_command_and_its_options_are_there(string arguments)
    {
        string[] words = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string command = words is [var first, ..] && !first.StartsWith('-') ? first : Default;
        if (command == "COMMAND")
        {
            return; // stands for any
        }
        Assert.That(words.Where(IsOption).Except(OptionsOf(command)), Is.Empty);
    }

    [Test]
    public void An_option_that_the_page_on_the_program_names_is_there()
    {
        string[] commands = [Default, "evaluate", "export", "embed", "search", "study", "verify", "synthesize", "info"];
        string[] named =
        [
            .. from span in new MarkdownFile("docs/harness.md").CodeSpans()
               let words = span.Split(' ')
               where IsOption(words[0]) || commands.Contains(words[0])
               from word in words.Where(IsOption)
               select word,
        ];
        Assert.That(named, Is.Not.Empty);
        Assert.That(named.Except(commands.SelectMany(OptionsOf)), Is.Empty);
    }

    [Test]
    public void The_files_of_studies_are_command_lines_that_the_program_takes()
    {
        string[] files = Directory.GetFiles(Path.Combine(Repository.Root, "studies"), "*.args");
        string[] named = [.. from span in new MarkdownFile("docs/harness.md").CodeSpans() where span.EndsWith(".args", StringComparison.Ordinal) select span];
        Assert.That(files.Select(Path.GetFileName), Is.EquivalentTo(named));
        foreach (string file in files)
        {
            ParseResult parsed = StudyCommand.Create(Registry.Default).Parse([$"@{file}", "--data", "images", "--output", "study"]);
            Assert.That(parsed.Errors.Select(error => error.Message), Is.Empty, file);
            Assert.That(parsed.GetValue<string>("--methods"), Is.Not.Null, file);
            foreach (string arm in parsed.GetValue<string[]>("--arm") ?? [])
            {
                Assert.That(StudyArm.Parse(Registry.Default.Document, arm).Words(), Has.Count.EqualTo(2), file);
            }
        }
    }

    private static bool IsOption(string word) => word.StartsWith("--", StringComparison.Ordinal);

    private static string[] OptionsOf(string command)
    {
        if (!s_help.TryGetValue(command, out string? help))
        {
            ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(Repository.Root, command, "--help");
            Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
            s_help[command] = help = outcome.Output;
        }
        return [.. Option().Matches(help).Select(match => match.Value)];
    }

    /// <summary>With .NET from the sources, or as a program of its own in the bundle.</summary>
    [GeneratedRegex(@"^(?:dotnet run .*--project src/ErTraining(?: -p:\S+)*(?: --)?|\./ErTraining)(?<arguments>(?: .*)?)$", RegexOptions.Multiline)]
    private static partial Regex CallOfTheProgram();

    [GeneratedRegex(@"--[a-z][a-z0-9-]*")]
    private static partial Regex Option();
}
