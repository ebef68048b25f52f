using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1Alpha;
using OrleansLM.Polyfills.Tests.Grpc.Trials;
using Response = Grpc.Reflection.V1Alpha.ServerReflectionResponse.MessageResponseOneofCase;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class ReflectionTests(TrialFixture trial) : IClassFixture<TrialFixture>
{
    [Fact]
    public async Task All_services_are_listed()
    {
        ServerReflectionResponse response = await AskAsync(new ServerReflectionRequest { ListServices = "" });

        Assert.Equal(
            ["grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection", "polyfills.trial.Trial"],
            response.ListServicesResponse.Service.Select(service => service.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("polyfills.trial.Trial")]
    [InlineData("polyfills.trial.Trial.Echo")]
    [InlineData("polyfills.trial.Words")]
    [InlineData("polyfills.trial.Failure.Kind")]
    public async Task File_is_found_by_what_it_declares(string symbol)
    {
        ServerReflectionResponse response = await AskAsync(new ServerReflectionRequest { FileContainingSymbol = symbol });

        Assert.Contains("trial.proto", Files(response));
    }

    [Fact]
    public async Task File_is_found_by_its_name_and_builds()
    {
        ServerReflectionResponse response = await AskAsync(new ServerReflectionRequest { FileByFilename = "trial.proto" });
        IReadOnlyList<FileDescriptor> built = FileDescriptor.BuildFromByteStrings(
            Enumerable.Reverse(response.FileDescriptorResponse.FileDescriptorProto));

        Assert.Contains(built, file => file.Services.Any(service => service.FullName == "polyfills.trial.Trial"));
    }

    [Fact]
    public async Task Unknown_names_are_not_found()
    {
        ServerReflectionRequest[] requests =
        [
            new() { FileByFilename = "none.proto" },
            new() { FileContainingSymbol = "no.Such" },
        ];
        foreach (ServerReflectionRequest request in requests)
        {
            Assert.Equal((int)StatusCode.NotFound, (await AskAsync(request)).ErrorResponse.ErrorCode);
        }
    }

    [Fact]
    public async Task Questions_about_extensions_are_answered()
    {
        ServerReflectionRequest[] requests =
        [
            new() { AllExtensionNumbersOfType = "polyfills.trial.Words" },
            new() { AllExtensionNumbersOfType = "no.Such" },
            new() { FileContainingExtension = new ExtensionRequest { ContainingType = "polyfills.trial.Words", ExtensionNumber = 100 } },
        ];
        foreach (ServerReflectionRequest request in requests)
        {
            // There are no extensions in proto3, so every answer is an empty list or an error; the stream lives on.
            ServerReflectionResponse response = await AskAsync(request);
            Assert.True(response.MessageResponseCase is Response.ErrorResponse or Response.AllExtensionNumbersResponse);
        }
    }

    [Fact]
    public async Task One_stream_answers_many_questions()
    {
        using AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> call = Client().ServerReflectionInfo();
        for (int i = 0; i < 3; i++)
        {
            await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.Equal(Response.ListServicesResponse, call.ResponseStream.Current.MessageResponseCase);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
    }

    private static IEnumerable<string> Files(ServerReflectionResponse response) => response.FileDescriptorResponse.FileDescriptorProto
        .Select(bytes => FileDescriptorProto.Parser.ParseFrom(bytes).Name);

    private ServerReflection.ServerReflectionClient Client() => new(trial.Channel);

    private async Task<ServerReflectionResponse> AskAsync(ServerReflectionRequest request)
    {
        using AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> call = Client().ServerReflectionInfo();
        await call.RequestStream.WriteAsync(request);
        Assert.True(await call.ResponseStream.MoveNext());
        await call.RequestStream.CompleteAsync();
        return call.ResponseStream.Current;
    }
}
