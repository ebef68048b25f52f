using System.Security.Cryptography;
using System.Text;

namespace OrleansLM.Engine.Backends.Cuda.Compile;

/// <summary>
/// Compiled kernels on disk, by a hash of everything that went into them. A file is written whole or not at all, and one that cannot be read or written
/// only costs the time of compiling.
/// </summary>
/// <param name="directory">Null: nothing is kept.</param>
internal sealed class KernelCache(string? directory)
{
    /// <summary>The cache of this user, unless ORLEANSLM_KERNEL_CACHE names another folder.</summary>
    public static KernelCache Default() => new(Environment.GetEnvironmentVariable("ORLEANSLM_KERNEL_CACHE") ?? Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } home ? home : Path.GetTempPath(),
        "orleanslm", "kernels"));

    public static string Key(params IEnumerable<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public byte[]? Find(string key)
    {
        try
        {
            return directory is not null && File.Exists(PathOf(key)) ? File.ReadAllBytes(PathOf(key)) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Keep(string key, byte[] code)
    {
        if (directory is null)
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(directory);
            var draft = Path.Combine(directory, $"{key}.{Guid.NewGuid():n}.draft");
            File.WriteAllBytes(draft, code);
            File.Move(draft, PathOf(key), overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Compiled again next time.
        }
    }

    private string PathOf(string key) => Path.Combine(directory!, key + ".cubin");
}
