using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Tests.Runtime;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>A device that has no room: an error for the newest work, and the rest goes on.</summary>
public sealed class CudaMemoryTests
{
    [CudaFact]
    public void A_state_that_does_not_fit_is_refused_and_nothing_stays_allocated()
    {
        using var backend = CudaMachine.NewBackend();
        var free = backend.FreeBytes;
        Assert.ThrowsAny<OutOfMemoryException>(() => TinyEngine.Load(TinyEngine.Yarn, new EngineOptions { Backend = "cuda", StateBytes = 1L << 41 }));
        Assert.InRange(free - backend.FreeBytes, long.MinValue, 64L << 20);
    }

    [CudaFact]
    public async Task A_full_pool_refuses_what_never_fits_and_serves_the_rest()
    {
        await using var engine = TinyEngine.Load(TinyEngine.Yarn, new EngineOptions { Backend = "cuda", StateBytes = 20L * 64 * 8 * 2 * 2 * 64 * sizeof(ushort) });
        var prompts = Enumerable.Range(0, 6).Select(i => (int[])[.. Enumerable.Range(0, 200 + 50 * i).Select(t => 5 + (t * 37 + i) % 4000)]).ToArray();
        var alone = await TinyEngine.GenerateAsync(engine.CreateSequence([]), prompts[0], 40);
        var room = engine.Description.PageCount * engine.Description.PageTokens;
        var error = Assert.Throws<EngineException>(() => engine.CreateSequence([]).Submit(LoopRig.Request([.. Enumerable.Repeat(7, room + 1)], 10)));
        Assert.Equal(EngineError.ResourceExhausted, error.Error);
        var all = await Task.WhenAll(prompts.Select(prompt => TinyEngine.GenerateAsync(engine.CreateSequence([]), prompt, 40)));
        Assert.Equal(TinyEngine.Bits(alone), TinyEngine.Bits(all[0]));
    }

    [CudaFact]
    public async Task A_device_that_others_have_filled_refuses_new_work_and_goes_on_when_there_is_room()
    {
        await using var engine = TinyEngine.Load(TinyEngine.Yarn, new EngineOptions { Backend = "cuda", StateBytes = 64L << 20 });
        int[] prompt = [.. Enumerable.Range(0, 900).Select(t => 5 + t * 37 % 4000)];
        var ballast = new List<DeviceBuffer>();
        using (var other = CudaMachine.NewBackend())
        {
            for (var size = 1L << 36; size >= 1 << 16;)
            {
                try
                {
                    ballast.Add(other.Allocate(DataType.Float32, size / sizeof(float)));
                }
                catch (OutOfMemoryException)
                {
                    size /= 2;
                }
            }

            // The engine has run nothing yet: its kernels and scratch memory are still to find a place.
            var error = await Assert.ThrowsAsync<EngineException>(() => TinyEngine.GenerateAsync(engine.CreateSequence([]), prompt, 5));
            Assert.Equal(EngineError.ResourceExhausted, error.Error);
            ballast.ForEach(buffer => buffer.Dispose());
        }

        var outputs = await TinyEngine.GenerateAsync(engine.CreateSequence([]), prompt, 5);
        Assert.Equal(5, LoopRig.Ids(outputs).Length);
    }
}
