using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1Alpha;
using Request = Grpc.Reflection.V1Alpha.ServerReflectionRequest.MessageRequestOneofCase;

namespace Grpc.Reflection;

/// <summary>Answers from the descriptors that generated code carries.</summary>
public class ReflectionServiceImpl : ServerReflection.ServerReflectionBase
{
    private readonly IReadOnlyList<string> _services;
    private readonly SymbolRegistry _registry;

    public ReflectionServiceImpl(IEnumerable<string> services, SymbolRegistry symbolRegistry)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(symbolRegistry);
        _services = [.. services];
        _registry = symbolRegistry;
    }

    public ReflectionServiceImpl(IEnumerable<ServiceDescriptor> serviceDescriptors)
        : this(serviceDescriptors.Select(service => service.FullName), SymbolRegistry.FromFiles(serviceDescriptors.Select(service => service.File)))
    {
    }

    public ReflectionServiceImpl(params ServiceDescriptor[] serviceDescriptors)
        : this((IEnumerable<ServiceDescriptor>)serviceDescriptors)
    {
    }

    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requestStream,
        IServerStreamWriter<ServerReflectionResponse> responseStream,
        ServerCallContext context)
    {
        while (await requestStream.MoveNext(context.CancellationToken).ConfigureAwait(false))
        {
            ServerReflectionResponse response = Answer(requestStream.Current);
            response.ValidHost = requestStream.Current.Host;
            response.OriginalRequest = requestStream.Current;
            await responseStream.WriteAsync(response).ConfigureAwait(false);
        }
    }

    private static ServerReflectionResponse File(FileDescriptor? file, string what) =>
        file is null ? Error(StatusCode.NotFound, $"{what} not found.") : new() { FileDescriptorResponse = WithImports(file) };

    private static FileDescriptorResponse WithImports(FileDescriptor file)
    {
        List<FileDescriptor> files = [file];
        for (int i = 0; i < files.Count; i++)
        {
            files.AddRange(files[i].Dependencies.Where(import => !files.Contains(import)).ToList());
        }

        return new FileDescriptorResponse { FileDescriptorProto = { files.Select(entry => entry.SerializedData) } };
    }

    private static ServerReflectionResponse Error(StatusCode code, string message) =>
        new() { ErrorResponse = new ErrorResponse { ErrorCode = (int)code, ErrorMessage = message } };

    private ServerReflectionResponse Answer(ServerReflectionRequest request) => request.MessageRequestCase switch
    {
        Request.ListServices => Services(),
        Request.FileByFilename => File(_registry.FileByName(request.FileByFilename), $"File '{request.FileByFilename}'"),
        Request.FileContainingSymbol =>
            File(_registry.FileContainingSymbol(request.FileContainingSymbol), $"Symbol '{request.FileContainingSymbol}'"),
        Request.FileContainingExtension => FileOfExtension(request.FileContainingExtension),
        Request.AllExtensionNumbersOfType => ExtensionNumbers(request.AllExtensionNumbersOfType),
        _ => Error(StatusCode.InvalidArgument, "The request asks for nothing: message_request is not set."),
    };

    private ServerReflectionResponse Services() => new()
    {
        ListServicesResponse = new ListServiceResponse { Service = { _services.Select(name => new ServiceResponse { Name = name }) } },
    };

    private ServerReflectionResponse FileOfExtension(ExtensionRequest extension) => File(
        _registry.FileContainingExtension(extension.ContainingType, extension.ExtensionNumber),
        $"Extension {extension.ExtensionNumber} of '{extension.ContainingType}'");

    private ServerReflectionResponse ExtensionNumbers(string type) => _registry.ExtensionNumbers(type) is { } numbers
        ? new() { AllExtensionNumbersResponse = new ExtensionNumberResponse { BaseTypeName = type, ExtensionNumber = { numbers } } }
        : Error(StatusCode.NotFound, $"Type '{type}' not found.");
}
