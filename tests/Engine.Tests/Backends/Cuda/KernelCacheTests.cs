using OrleansLM.Engine.Backends.Cuda.Compile;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

public sealed class KernelCacheTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"orleanslm-kernels-{Guid.NewGuid():n}");

    [Fact]
    public void What_is_kept_is_found_by_everything_that_went_into_it()
    {
        var cache = new KernelCache(_folder);
        var key = KernelCache.Key("source", "--gpu-architecture=sm_90a");
        Assert.Null(cache.Find(key));
        cache.Keep(key, [1, 2, 3]);
        Assert.Equal([1, 2, 3], new KernelCache(_folder).Find(key)!);
        Assert.Null(cache.Find(KernelCache.Key("source", "--gpu-architecture=sm_80")));
        Assert.NotEqual(KernelCache.Key("ab", "c"), KernelCache.Key("a", "bc"));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_folder_that_cannot_be_used_costs_only_time()
    {
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        var cache = new KernelCache(Path.Combine(_folder, "file", "below"));
        cache.Keep("key", [1]);
        Assert.Null(cache.Find("key"));
    }

    [Fact]
    public void Every_kernel_file_travels_with_the_assembly_and_includes_only_its_siblings()
    {
        Assert.Contains("generic.cu", KernelSources.Names);
        var headers = KernelSources.Headers();
        foreach (var text in KernelSources.Names.Select(KernelSources.Read).Concat(headers.Values))
        {
            foreach (var line in text.Split('\n').Where(line => line.StartsWith("#include", StringComparison.Ordinal)))
            {
                Assert.Contains(line.Split('"')[1], headers.Keys);
            }
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
