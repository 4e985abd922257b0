namespace ErTraining.Tests.Reports;

/// <summary>A Chromium or Chrome that is installed, for tests that open pages.</summary>
internal static class InstalledBrowser
{
    /// <summary>Puppeteer's own name for the variable that names a browser.</summary>
    private const string Variable = "PUPPETEER_EXECUTABLE_PATH";

    private static readonly string[] s_names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    private static readonly string[] s_windowsPaths = [@"Google\Chrome\Application\chrome.exe", @"Chromium\Application\chrome.exe", @"Microsoft\Edge\Application\msedge.exe"];

    /// <summary>Its file; null if there is none.</summary>
    public static string? Find() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : Candidates().FirstOrDefault(File.Exists);

    private static IEnumerable<string> Candidates() => OperatingSystem.IsWindows()
        ? from root in (string?[])[Environment.GetEnvironmentVariable("ProgramFiles"), Environment.GetEnvironmentVariable("ProgramFiles(x86)")]
          where root is not null
          from path in s_windowsPaths
          select Path.Combine(root, path)
        : from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
          from name in s_names
          select Path.Combine(folder, name);
}
