using System.Security.Cryptography;
using System.Text;
using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights;

/// <summary>
/// A hash that is equal for equal models, whatever files they lie in, and different for different ones: config, and per tensor its name, type, shape and
/// elements at even distances. It notices other weights, not a forger.
/// </summary>
internal static unsafe class WeightFingerprint
{
    private const int SamplesPerTensor = 32;
    private const int Characters = 32;

    public static string Of(ModelConfig config, TensorDirectory files, IEnumerable<StoredTensor> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Describe(config));
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            files.TryGet(tensor.Name, out var found);
            Append(hash, $"{tensor.Name} {tensor.Type} {tensor.ShapeText}\n");
            AppendSamples(hash, tensor, found.File.Map() + tensor.FileOffset);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Characters];
    }

    /// <summary>What of the config decides numbers. Names of rules and stop tokens do not.</summary>
    private static string Describe(ModelConfig config)
    {
        var (rope, yarn, supra) = (config.Rope, config.Rope.Yarn, config.Supra);
        return FormattableString.Invariant(
            $"""
            v1 {config.Family} C={config.HiddenSize} F={config.IntermediateSize} L={config.LayerCount} H={config.HeadCount} G={config.KeyValueHeadCount} D={config.HeadDim}
            V={config.VocabularySize} eps={config.NormEpsilon:R} window={config.SlidingWindow} tied={config.TiedEmbeddings}
            rope {rope.Theta:R} {rope.Scaling} {rope.Factor:R} {rope.OriginalContextLength} {rope.RoundFrequenciesToBFloat16}
            yarn {yarn?.BetaFast:R} {yarn?.BetaSlow:R} {yarn?.AttentionFactor:R} {yarn?.Truncate}
            supra {supra?.Decay} {supra?.DecayStart:R}

            """);
    }

    private static void AppendSamples(IncrementalHash hash, StoredTensor tensor, byte* start)
    {
        var size = tensor.Type.SizeInBits() / 8;
        var count = Math.Min(SamplesPerTensor, tensor.ElementCount);
        for (var sample = 0L; sample < count; sample++)
        {
            // The product stays in range: no tensor has 2^58 elements.
            var index = count == 1 ? 0 : sample * (tensor.ElementCount - 1) / (count - 1);
            hash.AppendData(new ReadOnlySpan<byte>(start + Position(tensor, index) * size, size));
        }
    }

    /// <summary>Elements from the tensor's start to its element number <paramref name="index"/> in row-major order.</summary>
    private static long Position(StoredTensor tensor, long index)
    {
        if (tensor.Strides is null)
        {
            return index;
        }

        var position = 0L;
        for (var dimension = tensor.Shape.Count - 1; dimension >= 0; dimension--)
        {
            position += index % tensor.Shape[dimension] * tensor.Strides[dimension];
            index /= tensor.Shape[dimension];
        }

        return position;
    }

    private static void Append(IncrementalHash hash, string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));
}
