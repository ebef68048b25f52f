using System.CommandLine.Parsing;

namespace OrleansLM.Cli.Local;

/// <summary>What <c>--device</c> names: <c>cpu</c>, <c>cuda</c> (the first GPU) or <c>cuda:0,1,…</c> (stages on several, in this order).</summary>
internal sealed record DeviceChoice(string Backend, IReadOnlyList<int> Devices)
{
    public const string Help = "Where it runs: cpu, cuda, or cuda:0,1,… for stages on several GPUs.";

    public static DeviceChoice? Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text is "cpu" or "cuda")
        {
            return new DeviceChoice(text, [0]);
        }

        var numbers = text.StartsWith("cuda:", StringComparison.Ordinal) ? text[5..].Split(',') : [];
        if (numbers.Length > 0 && numbers.All(number => int.TryParse(number, out var value) && value >= 0))
        {
            return new DeviceChoice("cuda", [.. numbers.Select(int.Parse)]);
        }

        result.AddError($"--device {text}: expected cpu, cuda, or cuda: with device numbers, such as cuda:0,1");
        return null;
    }
}
