# find_package(cocaine) and target_link_libraries(app cocaine::worker): the headers, C++17 and threads.
if(NOT TARGET cocaine::worker)
  include(CMakeFindDependencyMacro)
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_dependency(Threads)
  add_library(cocaine::worker INTERFACE IMPORTED)
  get_filename_component(cocaine_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
  set_target_properties(cocaine::worker PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${cocaine_prefix}/include"
    INTERFACE_COMPILE_FEATURES cxx_std_17
    INTERFACE_LINK_LIBRARIES Threads::Threads)
  unset(cocaine_prefix)
endif()
