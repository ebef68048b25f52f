using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Tests.Sessions;

public sealed class PageTokenTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    public void A_row_comes_back(long row) => Assert.Equal(row, PageToken.Read(PageToken.Write(row)));

    [Theory]
    [InlineData("x")]
    [InlineData("AAAAAAAAAAAAAAAA")]
    [InlineData("äAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("A AAAAAAAAAAAAA=")]
    public void Others_are_refused(string token)
    {
        var failure = Assert.Throws<OrleansLMException>(() => PageToken.Read(token));
        Assert.Equal((ErrorCode.InvalidArgument, "page_token"), (failure.Code, failure.Field));
    }

    [Fact]
    public void Every_changed_character_is_found()
    {
        var token = PageToken.Write(12_345).ToCharArray();
        for (var i = 0; i < token.Length; i++)
        {
            var changed = (char[])token.Clone();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            Assert.Throws<OrleansLMException>(() => PageToken.Read(new string(changed)));
        }
    }
}
