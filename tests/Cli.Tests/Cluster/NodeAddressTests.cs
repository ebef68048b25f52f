using OrleansLM.Cli.Cluster;

namespace OrleansLM.Cli.Tests.Cluster;

public sealed class NodeAddressTests
{
    [Theory]
    [InlineData("S127.0.0.1:11111:533053762", "127.0.0.1:11111")]
    [InlineData("127.0.0.1:11111@533053762", "127.0.0.1:11111")]
    [InlineData("S10.1.2.3:30000:0", "10.1.2.3:30000")]
    [InlineData("127.0.0.1:11111", "127.0.0.1:11111")]
    [InlineData("silo-1", "silo-1")]
    [InlineData("", "")]
    public void An_address_is_shown_as_host_and_port(string address, string shown) => Assert.Equal(shown, NodeAddress.Short(address));
}
