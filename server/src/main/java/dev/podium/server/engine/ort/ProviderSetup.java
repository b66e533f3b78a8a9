package dev.podium.server.engine.ort;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtEpDevice;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import ai.onnxruntime.providers.OrtTensorRTProviderOptions;
import dev.podium.server.engine.ExecutionProvider;
import dev.podium.server.engine.device.Device;
import dev.podium.server.fault.ModelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Attaches the execution providers that one model asks for; notes those that are missing, or
 * refuses the model.
 */
final class ProviderSetup {
  /** Plug-in libraries are registered with the process, once each. */
  private static final Set<Path> REGISTERED = new HashSet<>();

  private static final String GPU_ARTIFACT = "the onnxruntime_gpu artifact, mvn -Pgpu package";

  /** What the runtime may be built with; what each device can do stands in {@link Device}. */
  private static final Map<String, BuiltIn> BUILT_IN = new TreeMap<>();

  static {
    BUILT_IN.put("cuda", new BuiltIn(OrtProvider.CUDA, GPU_ARTIFACT, ProviderSetup::attachCuda));
    BUILT_IN.put(
        "tensorrt",
        new BuiltIn(OrtProvider.TENSOR_RT, GPU_ARTIFACT, ProviderSetup::attachTensorRt));
    BUILT_IN.put(
        "webgpu",
        new BuiltIn(
            OrtProvider.WEBGPU,
            "a native library with it, -Donnxruntime.native.path=DIR",
            (session, provider) -> session.addWebGPU(provider.options())));
  }

  @FunctionalInterface
  private interface Attach {
    void to(OrtSession.SessionOptions session, ExecutionProvider provider) throws OrtException;
  }

  /**
   * A provider of the runtime's own.
   *
   * @param source where a runtime that has it comes from
   */
  private record BuiltIn(OrtProvider provider, String source, Attach attach) {}

  private final OrtEnvironment environment;
  private final Path model;
  private final List<String> notes;

  ProviderSetup(OrtEnvironment environment, Path model, List<String> notes) {
    this.environment = environment;
    this.model = model;
    this.notes = notes;
  }

  /** Returns the names of the providers attached, in order; the CPU always ends the list. */
  List<String> attach(OrtSession.SessionOptions session, List<ExecutionProvider> providers)
      throws ModelException {
    List<String> active = new ArrayList<>();
    for (ExecutionProvider provider : providers) {
      if (provider.name().equals("cpu")) {
        break;
      }
      try {
        String lack = attach(session, provider);
        if (lack == null) {
          active.add(provider.name());
        } else {
          missing(provider, lack);
        }
      } catch (OrtException e) {
        missing(provider, OnnxEngine.oneLine(e));
      }
    }
    active.add("cpu");
    return active;
  }

  /** Notes that a provider isn't there, or refuses the model if it is required. */
  void missing(ExecutionProvider provider, String why) throws ModelException {
    String what = "execution provider '" + provider.name() + "': " + why;
    if (provider.required()) {
      throw new ModelException(model + ": required " + what);
    }
    String note = what + "; the next one in the list stands in";
    if (!notes.contains(note)) {
      notes.add(note);
    }
  }

  /** The provider that made a session fail to start, or null if none of them did. */
  ExecutionProvider blame(OrtException e, List<ExecutionProvider> providers) {
    String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    for (ExecutionProvider provider : providers) {
      boolean named = message.contains(provider.name().toLowerCase(Locale.ROOT));
      if (!provider.name().equals("cpu") && named) {
        return provider;
      }
    }
    return null;
  }

  /** Attaches one provider; returns what is lacking, or null. */
  private String attach(OrtSession.SessionOptions session, ExecutionProvider provider)
      throws OrtException {
    if (provider.library() != null) {
      return attachPlugIn(session, provider);
    }
    BuiltIn builtIn = BUILT_IN.get(provider.name());
    if (builtIn == null) {
      return "unknown (expected: cpu, "
          + String.join(", ", BUILT_IN.keySet())
          + ", or a name with a library)";
    }
    if (!OrtEnvironment.getAvailableProviders().contains(builtIn.provider())) {
      return "this runtime is built without it (expected: " + builtIn.source() + ")";
    }
    builtIn.attach().to(session, provider);
    return null;
  }

  private static void attachCuda(OrtSession.SessionOptions session, ExecutionProvider provider)
      throws OrtException {
    try (OrtCUDAProviderOptions options = new OrtCUDAProviderOptions(device(provider))) {
      for (Map.Entry<String, String> option : provider.options().entrySet()) {
        options.add(option.getKey(), option.getValue());
      }
      session.addCUDA(options);
    }
  }

  private static void attachTensorRt(OrtSession.SessionOptions session, ExecutionProvider provider)
      throws OrtException {
    try (OrtTensorRTProviderOptions options = new OrtTensorRTProviderOptions(device(provider))) {
      for (Map.Entry<String, String> option : provider.options().entrySet()) {
        options.add(option.getKey(), option.getValue());
      }
      session.addTensorrt(options);
    }
  }

  private static int device(ExecutionProvider provider) {
    return Integer.parseInt(provider.options().getOrDefault("device_id", "0"));
  }

  private String attachPlugIn(OrtSession.SessionOptions session, ExecutionProvider provider)
      throws OrtException {
    if (!Files.isRegularFile(provider.library())) {
      return "library " + provider.library() + " is not there";
    }
    synchronized (REGISTERED) {
      if (!REGISTERED.contains(provider.library())) {
        environment.registerExecutionProviderLibrary(
            provider.name(), provider.library().toString());
        REGISTERED.add(provider.library());
      }
    }
    List<OrtEpDevice> devices =
        environment.getEpDevices().stream()
            .filter(d -> d.getEpName().equals(provider.name()))
            .toList();
    if (devices.isEmpty()) {
      return "library " + provider.library() + " offers no device of that name";
    }
    session.addExecutionProvider(devices, provider.options());
    return null;
  }
}
