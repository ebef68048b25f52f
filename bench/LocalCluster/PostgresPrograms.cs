namespace OrleansLM.LocalCluster;

/// <summary>PostgreSQL's programs, and the user that they run as when we are root, whom they refuse.</summary>
internal static class PostgresPrograms
{
    private const string DebianFolder = "/usr/lib/postgresql";

    /// <summary>Null when we are not root, or there is nobody to be.</summary>
    public static string? User => Environment.IsPrivilegedProcess && File.Exists("/etc/passwd")
        ? Array.Find(["postgres", "nobody"], user => File.ReadLines("/etc/passwd").Any(line => line.StartsWith(user + ':', StringComparison.Ordinal)))
        : null;

    /// <summary>The program's path; null when it is not installed.</summary>
    public static string? Find(string program)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).ToList();
        if (Directory.Exists(DebianFolder))
        {
            folders.AddRange(Directory.GetDirectories(DebianFolder).Select(version => Path.Combine(version, "bin")));
        }

        return folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }

    /// <summary>The command line that runs the program as <see cref="User"/>.</summary>
    public static string[] AsUser(string program, params string[] arguments)
    {
        var path = Find(program) ?? throw new FileNotFoundException($"{program} is not installed");
        return User is { } user ? ["setpriv", $"--reuid={user}", $"--regid={user}", "--clear-groups", path, .. arguments] : [path, .. arguments];
    }

    public static Task RunAsUserAsync(string program, params string[] arguments)
    {
        var command = AsUser(program, arguments);
        return SystemPrograms.RunAsync(command[0], command[1..]);
    }
}
