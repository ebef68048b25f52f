using System.ComponentModel;
using System.Diagnostics;

namespace OrleansLM.Reporting;

/// <summary>The commit of the repository around the current directory, or what ORLEANSLM_COMMIT says where a copy has no repository.</summary>
public static class Commit
{
    public const string Unknown = "unknown";

    public static string Here()
    {
        if (Environment.GetEnvironmentVariable("ORLEANSLM_COMMIT") is { Length: > 0 } given)
        {
            return given;
        }

        var hash = Git("rev-parse", "--short", "HEAD");
        if (string.IsNullOrEmpty(hash))
        {
            return Unknown;
        }

        return Git("status", "--porcelain", "--untracked-files=no") is { Length: > 0 } ? hash + "+" : hash;
    }

    /// <summary>Trimmed output, or null when there is no git or it refused.</summary>
    private static string? Git(params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, RedirectStandardError = true });
            var output = process!.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output.Trim() : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
