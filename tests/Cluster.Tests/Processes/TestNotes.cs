namespace OrleansLM.Cluster.Tests.Processes;

/// <summary>What <c>./orleanslm test</c> prints of tests that pass: seeds, times, what was left out.</summary>
internal static class TestNotes
{
    private const string Variable = "ORLEANSLM_TEST_NOTES";

    /// <summary>One line more in the file that the runner named, if it did.</summary>
    public static void Add(string line)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } file)
        {
            File.AppendAllLines(file, [line]);
        }
    }
}
