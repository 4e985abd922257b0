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

    /// <summary>Has plain lines written to what is standard output now, unbroken.</summary>
    public static void Use()
    {
        AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        AnsiConsole.Profile.Width = Width;
    }
}
