using OrleansLM.Engine.Models;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Cpu;

/// <summary>Whole models: a 1B shape of each family with random weights, and small trained ones.</summary>
internal static class ModelRows
{
    public static void Measure(BenchSession session)
    {
        if (session.Options.Model is { } folder)
        {
            using var checkpoint = Checkpoint.Open(folder);
            Measure(session, Path.GetFileName(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar)), checkpoint.Config, checkpoint.Weights);
            Synthetic(session, checkpoint.Config.Family == ModelFamily.Supra ? Shapes.OneBillionSupra : Shapes.OneBillion);
            return;
        }

        Synthetic(session, Shapes.OneBillion);
        Synthetic(session, Shapes.OneBillionSupra);
        Trained(session, "tiny", "tiny-yarn-mistral-128k");
        Trained(session, "tiny-supra", "tiny-supra");
    }

    private static void Synthetic(BenchSession session, ModelConfig config)
    {
        var name = config.Family == ModelFamily.Supra ? "supra-1b" : "1b";
        if (ModelSteps.AreWanted(session, name, config.Family))
        {
            using var weights = new SyntheticWeights(config);
            Measure(session, name, config, weights);
        }
    }

    /// <summary>A model that ships with the repository; left out where there is none.</summary>
    private static void Trained(BenchSession session, string name, string folder)
    {
        folder = Path.Combine(Environment.GetEnvironmentVariable("ORLEANSLM_HOME") ?? ".", "models", folder);
        if (!Directory.Exists(folder))
        {
            return;
        }

        using var checkpoint = Checkpoint.Open(folder);
        if (ModelSteps.AreWanted(session, name, checkpoint.Config.Family))
        {
            Measure(session, name, checkpoint.Config, checkpoint.Weights);
        }
    }

    private static void Measure(BenchSession session, string name, ModelConfig config, IWeights weights)
    {
        using var steps = new ModelSteps(session, name, config, weights);
        steps.Decode();
        steps.Prefill();
    }
}
