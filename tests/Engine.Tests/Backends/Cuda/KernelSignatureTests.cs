using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Launches are held to what a kernel declares, before a device sees them.</summary>
public sealed class KernelSignatureTests
{
    [Fact]
    public void Arguments_of_the_declared_types_pass() => KernelSignature.Require("k", KernelSignature.Parse("pilf"), [0x1000ul, 1, 2L, 3f]);

    [Fact]
    public void Another_count_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => KernelSignature.Require("rope", KernelSignature.Parse("pi"), [0x1000ul]));
        Assert.Equal("kernel rope: 1 arguments found, 2 expected", error.Message);
    }

    [Fact]
    public void Another_type_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => KernelSignature.Require("rope", KernelSignature.Parse("pif"), [0x1000ul, 1, 2]));
        Assert.Equal("kernel rope: argument 2 is Int32, Float32 expected", error.Message);
    }

    [Fact]
    public void A_letter_that_is_none_is_refused() => Assert.Throws<ArgumentException>(() => KernelSignature.Parse("px"));
}
