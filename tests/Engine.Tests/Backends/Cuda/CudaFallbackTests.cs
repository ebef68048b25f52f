using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Backends.Cuda.Native;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Tests.Runtime;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Without what CUDA needs: which, why, and what still works.</summary>
public sealed class CudaFallbackTests
{
    [Fact]
    public void A_missing_library_is_named_with_what_cannot_be_done()
    {
        var error = Assert.Throws<CudaUnavailableException>(() => NativeLibraryFile.Load("kernels cannot be compiled", "libno-such-1.so", "libno-such-2.so"));
        Assert.Contains("none of libno-such-1.so, libno-such-2.so could be loaded; kernels cannot be compiled", error.Message, StringComparison.Ordinal);
        Assert.Contains("The cpu backend works without it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_engine_that_cannot_have_its_device_says_so_and_leaves_the_model_usable()
    {
        // Device 4096 is there nowhere; without a driver nothing is.
        var options = new EngineOptions { Backend = "cuda", Devices = [4096] };
        var error = Assert.Throws<CudaUnavailableException>(() => TinyEngine.Load("tiny-supra", options));
        Assert.StartsWith("CUDA is not available: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Splits_follow_the_positions_of_the_kernels()
    {
        Assert.Equal([0, 7, 8, 11, 12, 15, 16, 27, 28, 83], new[] { 0, 1023, 1024, 2047, 2048, 4095, 4096, 16383, 16384, 131071 }.Select(AttentionSplits.Of));
        for (var position = 0; position < 140_000; position += 61)
        {
            Assert.InRange(AttentionSplits.Bucket(position), AttentionSplits.Of(position) + 1, AttentionSplits.Of(position) + 8);
        }
    }

    [CudaFact]
    public void More_memory_than_the_device_has_is_refused_and_changes_nothing()
    {
        using var backend = CudaMachine.NewBackend();
        var free = backend.FreeBytes;
        var error = Assert.Throws<InsufficientMemoryException>(() => backend.Allocate(DataType.Float32, 1L << 42));
        Assert.Contains("MiB were asked for", error.Message, StringComparison.Ordinal);
        // The driver gives memory of its own back at times; none may be missing.
        Assert.InRange(backend.FreeBytes, free, long.MaxValue);
        Assert.NotEmpty(CudaDevices.Load().All);
    }
}
