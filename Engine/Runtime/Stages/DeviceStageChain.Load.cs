using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>How the layers come to the devices.</summary>
internal sealed partial class DeviceStageChain
{
    /// <summary>Loads the layers onto the devices of the options, in order.</summary>
    /// <param name="checkpoint">Its config and weights.</param>
    /// <param name="options">Devices, stages, pages.</param>
    /// <param name="plan">Pages or slots that there is room for.</param>
    /// <exception cref="ArgumentException">A device is not there or cannot be used; the message says why.</exception>
    /// <exception cref="OutOfMemoryException">State or workspace do not fit. Nothing stays allocated.</exception>
    public static DeviceStageChain Load(Checkpoint checkpoint, EngineOptions options, out StatePlan plan)
    {
        var devices = CudaDevices.Load();
        var backends = new List<CudaBackend>();
        var models = new List<StageModel>();
        try
        {
            foreach (var device in options.Devices)
            {
                backends.Add(new CudaBackend(devices, new CudaOptions { Device = device, Activations = options.Activations }));
            }

            Connect(backends);
            plan = StatePlan.For(checkpoint.Config, options, Available(backends, checkpoint, options));
            var ranges = LayerRange.Split(checkpoint.Config.LayerCount, options.Stages);
            for (var i = 0; i < ranges.Length; i++)
            {
                models.Add(Load(checkpoint, options, plan, ranges[i], backends[i * backends.Count / ranges.Length]));
            }

            var stages = backends.Select(backend => new DeviceStage(backend, [.. models.Where(model => model.Backend == backend)], backends.Count > 1));
            return new DeviceStageChain([.. stages], options.MaxRunningTurns);
        }
        catch
        {
            models.ForEach(model => model.Dispose());
            backends.ForEach(backend => backend.Dispose());
            throw;
        }
    }

    private static void Connect(List<CudaBackend> backends)
    {
        for (var i = 1; i < backends.Count; i++)
        {
            _ = backends[i - 1].Context.TryEnablePeer(backends[i].Context);
            _ = backends[i].Context.TryEnablePeer(backends[i - 1].Context);
        }
    }

    /// <summary>Nine tenths of what the fullest device has left beside its weights and activations, for all devices.</summary>
    private static long Available(List<CudaBackend> backends, Checkpoint checkpoint, EngineOptions options)
    {
        var config = checkpoint.Config;
        var row = 4L * (7 * config.HiddenSize + 2 * config.IntermediateSize) + 2L * config.VocabularySize;
        var perDevice = checkpoint.TotalBytes / backends.Count + checkpoint.TotalBytes / 16 + row * options.MaxStepTokens + (2L << 30);
        return Math.Max(1, backends.Min(backend => backend.FreeBytes) / 10 * 9 - perDevice - WideBytes(config, options)) * backends.Count;
    }

    /// <summary>What one layer's keys and values of a full context take as bf16, while its memory is enlarged: see <see cref="CudaBackend"/> on pages of e4m3.</summary>
    private static long WideBytes(ModelConfig config, EngineOptions options) => options.StateType == DataType.Float8E4M3
        ? 4L * sizeof(ushort) * config.KeyValueHeadCount * config.HeadDim * (options.MaxSequenceTokens ?? config.ContextLength)
        : 0;

    private static StageModel Load(Checkpoint checkpoint, EngineOptions options, StatePlan plan, LayerRange range, CudaBackend backend) =>
        StageModel.Load(checkpoint.Config, checkpoint.Weights, range, backend, new StageOptions
        {
            StateUnits = plan.Units,
            PageTokens = options.PageTokens,
            StateType = options.StateType,
            StateChunkTokens = options.StateChunkTokens,
            MaxRows = options.MaxStepTokens,
        });
}
