using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>Output that is no terminal.</summary>
internal static class PlainOutput
{
    private const int Width = 200;

    /// <summary>Gives files and pipes plain lines, unbroken; a terminal stays as it is.</summary>
    public static void UseWhereRedirected()
    {
        if (Console.IsOutputRedirected)
        {
            Use();
        }
    }

    /// <summary>Has .NET take a terminal for one that knows no control sequences. To be called before anything is printed.</summary>
    public static void ForgetTerminal()
    {
        Environment.SetEnvironmentVariable("TERM", "dumb");
        Environment.SetEnvironmentVariable("NO_COLOR", "1");
    }

    /// <summary>Has plain lines written, unbroken, to what is standard output now.</summary>
    public static void Use()
    {
        AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(Console.Out) });
        AnsiConsole.Profile.Width = Width;
    }
}
