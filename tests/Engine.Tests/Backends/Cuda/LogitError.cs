namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>How far rows of logits are from others: |found - expected| / |expected|.</summary>
/// <param name="Overall">All rows taken as one.</param>
/// <param name="Worst">The row with the largest.</param>
internal readonly record struct LogitError(double Overall, double Worst)
{
    public static LogitError Of(float[][] expected, float[][] found)
    {
        Assert.Equal(expected.Length, found.Length);
        var (difference, norm, worst) = (0.0, 0.0, 0.0);
        foreach (var (theirs, ours) in expected.Zip(found))
        {
            Assert.Equal(theirs.Length, ours.Length);
            var d = theirs.Zip(ours, (e, f) => (e - (double)f) * (e - f)).Sum();
            var n = theirs.Sum(e => (double)e * e);
            (difference, norm) = (difference + d, norm + n);
            worst = Math.Max(worst, Math.Sqrt(d / n));
        }

        return new LogitError(Math.Sqrt(difference / norm), worst);
    }
}
